//! A Python value as it is recorded: rendered, typed, and cut at a configured length.
//!
//! Made by the worker's engines, stored by the executions stage.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A rendered Python value. It contains no address and no live object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// An `int` (exactly that type) that fits 64 bits; its `repr` is its decimal form.
    Int(i64),
    /// Anything else.
    Text {
        /// Python's `repr`, cut to at most `Limits::value_chars` characters.
        repr: String,
        /// The type's name as `type(x).__name__` gives it.
        type_name: String,
        /// Characters of the whole `repr` when `repr` was cut; `None` when it is complete. When rendering stopped
        /// early, this is the number of characters rendered until then: a lower bound.
        full_chars: Option<u64>,
    },
}

impl Value {
    /// The `repr` as text, possibly cut.
    #[must_use]
    pub fn repr(&self) -> String {
        self.text().into_owned()
    }

    /// The `repr` as text, borrowed where the value holds one.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Int(value) => Cow::Owned(value.to_string()),
            Value::Text { repr, .. } => Cow::Borrowed(repr),
        }
    }

    /// Characters of the whole `repr` when it is cut, see [`Value::Text`].
    #[must_use]
    pub fn full_chars(&self) -> Option<u64> {
        match self {
            Value::Int(_) => None,
            Value::Text { full_chars, .. } => *full_chars,
        }
    }

    /// The name of the value's type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Value::Int(_) => "int",
            Value::Text { type_name, .. } => type_name,
        }
    }

    /// Whether the `repr` is cut.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.full_chars().is_some()
    }
}

//! Stored changes: a row of the table `changes`, where null encodes the most common value.
//!
//! The recorder omits what these rules restore (`explicit_action` and `Segment` in `pipeline/recording/rows/segment.rs`); the
//! SQL view `changes` applies the same rules. A test of the recorder checks that one inverts the other.

use crate::borrowed::{ChangeRef, ValueRef};
use crate::vocabulary::{Action, Scope};

/// A change as a row of `changes` has it. Its fields are the columns.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoredChange<'a> {
    /// Null: `local`.
    pub scope: Option<&'a str>,
    /// Never null.
    pub variable_index: i32,
    /// Null: an earlier change of the variable has it, or it is an entry of the stack.
    pub name: Option<&'a str>,
    /// Null: what the other columns imply.
    pub action: Option<&'a str>,
    /// The value, when it is an `int` of 64 bits; for an iterator the items drawn.
    pub value_int: Option<i64>,
    /// The value otherwise, or the piece that replaces another; what an iterator that begins walks. Null beside a
    /// null `value_int`: deleted.
    pub value_text: Option<&'a str>,
    /// Null: `int` or `str`, whichever the value is stored as; as before where there is a splice.
    pub value_type: Option<&'a str>,
    /// Characters of the whole `repr`; null where it is complete.
    pub value_chars: Option<i64>,
    /// Where `value_text` goes and the length of what it replaces, in characters; null where it is whole.
    pub splice: Option<(i32, i32)>,
    /// Null: the object cannot change in place, or is the same as before.
    pub object_index: Option<i32>,
    /// Null: there are none.
    pub members: Option<&'a str>,
    /// Null: not known, or not an iterator that begins.
    pub items_left: Option<i64>,
}

impl<'a> StoredChange<'a> {
    /// The change with omitted values restored, but for a name that an earlier row has. Numbers that no row of ours has
    /// become 0.
    #[must_use]
    pub fn restored(&self) -> ChangeRef<'a> {
        let scope = self.scope.and_then(Scope::parse).unwrap_or(Scope::Local);
        let full_chars = self.value_chars.and_then(|chars| u64::try_from(chars).ok());
        let type_name = self.value_type.unwrap_or("str");
        let length = |chars: i32| u64::try_from(chars).unwrap_or(0);
        let value = match (self.value_int, self.value_text, self.splice) {
            (Some(number), None, _) => Some(ValueRef::Int(number)),
            (Some(drawn), Some(walks), _) => Some(ValueRef::Iterator {
                walks,
                type_name,
                full_chars,
                items_drawn: u64::try_from(drawn).unwrap_or(0),
                items_left: self.items_left.and_then(|items| u64::try_from(items).ok()),
            }),
            (None, Some(inserted), Some((start, removed))) => {
                Some(ValueRef::Splice { start: length(start), removed: length(removed), inserted, full_chars })
            }
            (None, Some(repr), None) => Some(ValueRef::Text { repr, type_name, full_chars }),
            (None, None, _) => None,
        };
        let implied = match value {
            None => Action::Deleted,
            Some(ValueRef::Splice { .. }) => Action::Mutated,
            Some(_) if scope == Scope::Stack || self.name.is_some() => Action::Bound,
            Some(_) => Action::Rebound,
        };
        ChangeRef {
            scope,
            variable_index: ordinal(self.variable_index),
            name: self.name.filter(|_| scope != Scope::Stack).unwrap_or_default(),
            action: self.action.and_then(Action::parse).unwrap_or(implied),
            value,
            object_index: self.object_index.map(ordinal),
            members: self.members,
        }
    }
}

/// An ordinal of a table; 0 for one below it.
#[must_use]
pub fn ordinal(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}

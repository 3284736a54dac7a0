//! What an instruction puts on the value stack, where that follows from the instruction alone: then its executions say
//! nothing about it, and readers work it out. Called by the collector and by what reads stored rows.
//!
//! ```text
//!  local N                   what the local variable N holds          LOAD_FAST, STORE_FAST_LOAD_FAST
//!  local N, local M          the same of two
//!  constant TYPE REPR        the constant                             LOAD_CONST, LOAD_SMALL_INT
//!  copy N                    the entry N places from the top again    COPY
//!  swap N                    the top and that entry change places     SWAP
//! ```
//!
//! All of it is what holds before the next instruction of the frame runs, whose stack has the top that is meant.

use crate::event::{Action, Change, Scope};
use crate::value::Value;

/// What an instruction pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushes<'a> {
    /// What local variables hold.
    Locals(u32, Option<u32>),
    /// A constant that can never change.
    Constant {
        /// Its type's name.
        type_name: &'a str,
        /// Its `repr`, whole.
        repr: &'a str,
    },
    /// The entry so many places from the top, counted from 1, as they were before.
    Copy(u32),
    /// The top and the entry so many places from it, the top being the first.
    Swap(u32),
}

/// What a variable or an entry of the stack holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its value.
    pub value: Value,
    /// See [`Change::object_index`].
    pub object_index: Option<u32>,
    /// See [`Change::members`].
    pub members: Option<String>,
}

impl std::fmt::Display for Pushes<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pushes::Locals(first, None) => write!(formatter, "local {first}"),
            Pushes::Locals(first, Some(second)) => write!(formatter, "local {first}, local {second}"),
            Pushes::Constant { type_name, repr } => write!(formatter, "constant {type_name} {repr}"),
            Pushes::Copy(place) => write!(formatter, "copy {place}"),
            Pushes::Swap(place) => write!(formatter, "swap {place}"),
        }
    }
}

impl<'a> Pushes<'a> {
    /// Reads the text; `None` for one that says nothing of the kind.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (word, rest) = text.split_once(' ')?;
        Some(match word {
            "local" => match rest.split_once(", local ") {
                Some((first, second)) => Pushes::Locals(first.parse().ok()?, Some(second.parse().ok()?)),
                None => Pushes::Locals(rest.parse().ok()?, None),
            },
            "constant" => {
                let (type_name, repr) = rest.split_once(' ')?;
                Pushes::Constant { type_name, repr }
            }
            "copy" => Pushes::Copy(rest.parse().ok()?),
            "swap" => Pushes::Swap(rest.parse().ok()?),
            _ => return None,
        })
    }

    /// What that does to the stack, before an instruction that finds `depth` entries on it. `held` is what the frame's
    /// variables hold then, and what the stack's entries held before.
    #[must_use]
    pub fn changes<'k>(&self, depth: u32, held: impl Fn(Scope, u32) -> Option<&'k Kept>) -> Vec<Change> {
        let top = depth.saturating_sub(1);
        let below = |place: u32| depth.checked_sub(place);
        match *self {
            Pushes::Locals(only, None) => vec![entry(top, held(Scope::Local, only))],
            Pushes::Locals(first, Some(second)) => {
                vec![entry(top.saturating_sub(1), held(Scope::Local, first)), entry(top, held(Scope::Local, second))]
            }
            Pushes::Constant { type_name, repr } => {
                let value = match repr.parse() {
                    Ok(number) if type_name == "int" => Value::Int(number),
                    _ => Value::Text { repr: repr.to_owned(), type_name: type_name.to_owned(), full_chars: None },
                };
                vec![entry(top, Some(&Kept { value, object_index: None, members: None }))]
            }
            // The copy lies on the top already.
            Pushes::Copy(place) => match below(place + 1).and_then(|from| held(Scope::Stack, from)) {
                Some(kept) => vec![entry(top, Some(kept))],
                None => Vec::new(),
            },
            Pushes::Swap(place) => match below(place) {
                Some(other) => {
                    let (upper, lower) = (held(Scope::Stack, top), held(Scope::Stack, other));
                    let mut changes = Vec::new();
                    for (place, before, now) in [(other, lower, upper), (top, upper, lower)] {
                        if before != now {
                            changes.push(entry(place, now));
                        }
                    }
                    changes
                }
                None => Vec::new(),
            },
        }
    }
}

fn entry(place: u32, kept: Option<&Kept>) -> Change {
    Change {
        scope: Scope::Stack,
        variable_index: place,
        name: String::new(),
        action: if kept.is_some() { Action::Bound } else { Action::Deleted },
        value: kept.map(|kept| kept.value.clone()),
        object_index: kept.and_then(|kept| kept.object_index),
        members: kept.and_then(|kept| kept.members.clone()),
        items_drawn: None,
        items_left: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let all = [
            Pushes::Locals(3, None),
            Pushes::Locals(0, Some(12)),
            Pushes::Constant { type_name: "str", repr: "'a, b'" },
            Pushes::Copy(2),
            Pushes::Swap(3),
        ];
        for pushes in all {
            assert_eq!(Pushes::parse(&pushes.to_string()), Some(pushes));
        }
        for wrong in ["", "local", "local x", "constant int", "copy", "swap -1", "global 1"] {
            assert_eq!(Pushes::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn entries_are_counted_from_the_top() {
        let number = |value| Kept { value: Value::Int(value), object_index: None, members: None };
        let held = [number(10), number(11), number(12)];
        let shown = |text: &str, depth| {
            let pushes = Pushes::parse(text).unwrap();
            let changes = pushes.changes(depth, |scope, place| match scope {
                Scope::Stack => held.get(place as usize),
                _ => Some(&held[0]),
            });
            changes.iter().map(|change| (change.variable_index, change.value.clone())).collect::<Vec<_>>()
        };
        assert_eq!(shown("copy 2", 4), [(3, Some(Value::Int(11)))]);
        assert_eq!(shown("swap 3", 3), [(0, Some(Value::Int(12))), (2, Some(Value::Int(10)))]);
        assert_eq!(shown("local 0, local 1", 2), [(0, Some(Value::Int(10))), (1, Some(Value::Int(10)))]);
        assert_eq!(shown("constant int -4", 1), [(0, Some(Value::Int(-4)))]);
        // The place beside the top is empty.
        assert_eq!(shown("swap 2", 4), [(2, None), (3, Some(Value::Int(12)))]);
        assert_eq!(shown("copy 9", 2), []);
    }
}

//! What an instruction pushes onto the value stack, where that follows from the instruction alone. Records and rows
//! then contain no change for it; the replay derives it.
//!
//! ```text
//!  local N                   what the local variable N holds          LOAD_FAST, STORE_FAST_LOAD_FAST
//!  local N, local M          the same of two
//!  constant TYPE REPR        the constant                             LOAD_CONST, LOAD_SMALL_INT
//!  copy N                    the entry N places from the top again    COPY
//!  swap N                    the top and that entry change places     SWAP
//! ```
//!
//! All of it is what holds before the next instruction of the frame runs, and the top is that of its stack. Engines write
//! these texts, [`super::FrameState::begin_instruction`] applies them.

use std::fmt;

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
    /// The entry this many places from the top before the instruction, counted from 1.
    Copy(u32),
    /// The top and the entry this many places from it, counted from 1 at the top.
    Swap(u32),
}

impl fmt::Display for Pushes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    /// Parses the text; `None` for any other text.
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
}

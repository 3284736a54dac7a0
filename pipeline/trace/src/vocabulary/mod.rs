//! The words of the data: each is spelt once, in the enum that lists its kind, with the sentence that the data
//! dictionary prints.
//!
//! | enum | column | file |
//! | --- | --- | --- |
//! | [`EventKind`] | `events.kind` | `event_kind.rs` |
//! | [`Scope`] | `changes.scope` | `scope.rs` |
//! | [`Action`] | `changes.action` | `action.rs` |
//! | [`Granularity`] | `executions.granularity` | `granularity.rs` |
//! | [`Outcome`] | `executions.outcome` | `outcome.rs` |
//! | [`Label`] | `executions.labels` | `label.rs` |
//!
//! Worker, stages, queries and the command line use the enums. SQL has to spell words; tests of the crate `queries`
//! hold it to these lists. The crate `schemas` must not depend on this one, so the root crate hands the lists to the
//! data dictionary (`pipeline/dictionary.rs`).

mod action;
mod event_kind;
mod granularity;
mod label;
mod outcome;
mod scope;

pub use action::Action;
pub use event_kind::EventKind;
pub use granularity::Granularity;
pub use label::{Label, Reproducibility};
pub use outcome::Outcome;
pub use scope::Scope;

/// Declares an enum of words: a variant, its word, and the sentence of the data dictionary, which also documents the
/// variant.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($variant:ident = $word:literal: $sentence:literal,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $(#[doc = $sentence] $variant,)*
        }

        impl $name {
            /// Every one, in storage order.
            pub const ALL: [$name; [$($word),*].len()] = [$($name::$variant),*];

            /// The word that tables and SQL use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }

            /// What it means, as the data dictionary prints it.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $($name::$variant => $sentence,)*
                }
            }

            /// The one that the word names; `None` for any other text.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some($name::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
use words;

#[cfg(test)]
mod tests;

//! The `inputs` stage: finds inputs to run each unit with. Called by the command line through
//! [`crate::stage::drive`].
//!
//! ```text
//!  functions part ─▶ sources, types ─▶ search in isolated workers ─▶ inputs, searches
//!                                        ▲ proposals of a language model
//! ```
//!
//! `sources` reads what people wrote: a benchmark's tests, asserts, calls under a main guard, doctests, tests in other
//! files of the corpus. `types` makes values of the parameters' types, from annotations and defaults, else from how the
//! code uses a parameter. `search` runs all of it, mutates inputs that add coverage, and chooses. Where a language
//! model is configured, `proposals` asks it for calls of functions that are still poorly covered, and the search runs
//! again with them. Every input is source text: set-up, call and check.

mod candidate;
mod candidate_sources;
mod collect;
mod input_rows;
mod literals;
mod proposals;
mod random;
mod search;
mod slice_imports;
mod sources;
mod stage;
#[cfg(test)]
mod tests;
mod types;
mod unit;

pub use self::stage::Inputs;

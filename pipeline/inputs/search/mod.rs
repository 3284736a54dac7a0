//! The search for inputs of one unit. Called by `collect`; `driver` has the loop.
//!
//! ```text
//!  offers ──▶ runner ──▶ coverage ──▶ selection ──▶ minimize ──▶ rows
//!               ▲           │ added
//!               ├─ mutation ◀┘
//!               └─ hinted_calls ◀── exception_hints (the type that an exception hints at)
//! ```
//!
//! Everything is counted and nothing is timed, so the same unit, seed and configuration give the same inputs on any
//! machine. Jobs go to the worker a round at a time; the next candidates follow from whole rounds alone.

mod attempt;
mod constants;
mod coverage;
mod cross_mutation;
mod drawn_values;
mod driver;
mod exception_hints;
mod hinted_calls;
mod minimize;
mod mutation;
mod runner;
mod selection;
mod subject;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use self::coverage::UnitCoverage;
pub(super) use self::driver::{Search, SearchResult};
pub(super) use self::runner::Runner;
pub(super) use self::subject::Subject;

//! The schemas of the data: one file per table.
//!
//! ```text
//!  corpora ─▶ modules ─▶ functions ─▶ inputs ─▶ executions ─▶ mixtures ─▶ shards
//!                           │                    ├ frames, instructions       (stats: one row per stage and reason)
//!                           └ origins, usages    └ events, changes
//! ```
//!
//! Each file declares its table with [`table!`](crate::table!): the row as a Rust struct, and for each column its
//! unit, the meaning of null, the encoding and a sentence. From that come the Arrow schema, a typed builder, a typed
//! reader and the data dictionary (`schemas/README.md`, generated; `tracemill schema` prints the same). The words that
//! columns hold belong to the crate `trace`, which this one does not know; the root crate brings both together.

mod cell;
mod column;
mod dictionary;
pub mod ids;
mod structs;
mod table;

pub mod changes;
pub mod corpora;
pub mod events;
pub mod executions;
pub mod frames;
pub mod functions;
pub mod inputs;
pub mod instructions;
pub mod mixtures;
pub mod modules;
pub mod origins;
pub mod searches;
pub mod shards;
pub mod stats;
pub mod usages;

pub use arrow;
pub use cell::{Cell, ReadError};
pub use column::{Column, Encoding};
pub use dictionary::{WordList, dictionary};
pub use structs::{ModuleImport, Parameter, TextStruct};
pub use table::{Builder, Row, Table, VersionError};

/// Every table, in the order in which data flows.
pub static TABLES: [&Table; 15] = [
    &corpora::CORPORA,
    &modules::MODULES,
    &functions::FUNCTIONS,
    &origins::ORIGINS,
    &usages::USAGES,
    &inputs::INPUTS,
    &searches::SEARCHES,
    &executions::EXECUTIONS,
    &frames::FRAMES,
    &instructions::INSTRUCTIONS,
    &events::EVENTS,
    &changes::CHANGES,
    &mixtures::MIXTURES,
    &shards::SHARDS,
    &stats::STATS,
];

/// The table of that name.
#[must_use]
pub fn table_named(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

#[cfg(test)]
mod tests;

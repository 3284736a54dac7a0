//! Queries: SQL over tracemill's tables, and the session that runs it.
//!
//! ```text
//!  tables ─▶ views ─▶ filters ─▶ mixtures ─▶ formats ─▶ training text
//!              └────▶ checks (must return no row)
//! ```
//!
//! The `.sql` files beside `src/` are the source; [`library`] embeds them, [`header`] reads their comments, [`session`]
//! registers tables, functions and views with DataFusion, and `functions` has our own SQL functions. Called by the
//! mixtures and shards stages and by the command line.

pub mod error;
pub mod functions;
pub mod header;
pub mod library;
mod listing;
pub mod session;
mod table_format;

pub use datafusion::scalar::ScalarValue;
pub use error::{Error, Result};
pub use functions::shash::shash;
pub use header::{Header, HeaderColumn, HeaderParam};
pub use library::{LIBRARY, Query, QueryKind, UserQuery, named, names, of_kind};
pub use session::{Session, SessionOptions};

#[cfg(test)]
mod vocabulary_tests;

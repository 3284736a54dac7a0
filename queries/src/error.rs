//! Errors of queries. Messages complete "failed to …".

use std::path::PathBuf;

use datafusion::error::DataFusionError;

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the queries crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine could not be set up.
    #[error("failed to set up the query engine")]
    Engine {
        /// Why.
        #[source]
        source: Box<DataFusionError>,
    },
    /// A table could not be registered.
    #[error("failed to register the table `{table}`")]
    Table {
        /// The table.
        table: String,
        /// Why.
        #[source]
        source: Box<DataFusionError>,
    },
    /// A path cannot be named to the engine.
    #[error("failed to name the file {} to the query engine: {problem}", path.display())]
    Path {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A query could not be planned or run.
    #[error("failed to run {name}: {source}")]
    Query {
        /// The query: a file of the library, or `the statement`.
        name: String,
        /// Why.
        #[source]
        source: Box<DataFusionError>,
    },
    /// A header comment is malformed.
    #[error("failed to read the header of {name}, line {line}: {problem}")]
    Header {
        /// The file.
        name: String,
        /// The line, 1-based.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A parameter without a default was not given, or one was given that the query does not have.
    #[error("failed to run {name}: parameter `{param}` {problem}")]
    Param {
        /// The query.
        name: String,
        /// The parameter.
        param: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl Error {
    pub(crate) fn engine(source: DataFusionError) -> Self {
        Error::Engine { source: Box::new(source) }
    }

    pub(crate) fn table(table: &str) -> impl FnOnce(DataFusionError) -> Self + '_ {
        move |source| Error::Table { table: table.to_owned(), source: Box::new(source) }
    }

    /// An [`Error::Query`] from its parts, for `map_err`.
    pub fn query(name: &str) -> impl FnOnce(DataFusionError) -> Self + '_ {
        move |source| Error::Query { name: name.to_owned(), source: Box::new(source) }
    }
}

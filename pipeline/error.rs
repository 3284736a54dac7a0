//! The errors of the pipeline. A traced program's failure is never one of them: it is an outcome in a row.
//!
//! Messages complete "failed to …" and name the thing; the source says why.

use std::path::{Path, PathBuf};

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the pipeline.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read, written, renamed or removed.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A Parquet file could not be read or written.
    #[error("failed to {action} the Parquet file {}", path.display())]
    Parquet {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<datafusion::parquet::errors::ParquetError>,
    },
    /// The contents of a file are malformed.
    #[error("failed to read {}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in the file.
        problem: String,
    },
    /// A file holds another table than the one that is read from it, or another version of it.
    #[error("failed to read {}: {source}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// What it holds, and what was expected.
        #[source]
        source: tracemill_schemas::VersionError,
    },
    /// The configuration is wrong.
    #[error("{0}")]
    Config(String),
    /// A query failed.
    #[error("failed to run the query `{name}`{}", over.as_ref().map(|path| format!(" over {}", path.display())).unwrap_or_default())]
    Query {
        /// The query's name.
        name: String,
        /// The file or folder that it reads, where it is one of a stage.
        over: Option<PathBuf>,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Workers could not be started, or broke the protocol again and again.
    #[error("failed to run a worker: {0}")]
    Worker(String),
    /// The user asked to stop.
    #[error("stopped on request; run the same command again to go on")]
    Cancelled,
    /// A bug of ours.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// An [`Error::Io`] from its parts, for `map_err`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io { action, path, source }
    }

    /// The same error, with what the query reads; any other as it is.
    #[must_use]
    pub fn over(self, path: &Path) -> Error {
        match self {
            Error::Query { name, source, .. } => Error::Query { name, over: Some(path.to_owned()), source },
            other => other,
        }
    }

    /// An [`Error::Parquet`] from its parts, for `map_err`.
    pub fn parquet<E: Into<datafusion::parquet::errors::ParquetError>>(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Error {
        let path = path.to_owned();
        move |source| Error::Parquet { action, path, source: Box::new(source.into()) }
    }
}

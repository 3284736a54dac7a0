//! The `.sql` files, embedded. Called by the session for views, by the mixtures stage for filters, mixtures and
//! formats, by the command line for its list.
//!
//! A file whose name begins with an underscore is private: other files read it, users need not know it.

use std::path::Path;

use crate::error::Result;
use crate::header::Header;

/// The kind of a query, which names its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueryKind {
    /// A reading of tables, registered under its name.
    View,
    /// The executions to keep.
    Filter,
    /// Executions to training text.
    Format,
    /// Which executions are shown in which format.
    Mixture,
    /// Must return no row.
    Check,
}

impl QueryKind {
    /// The folder.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            QueryKind::View => "views",
            QueryKind::Filter => "filters",
            QueryKind::Format => "formats",
            QueryKind::Mixture => "mixtures",
            QueryKind::Check => "checks",
        }
    }
}

/// A file of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Its name: the file's stem.
    pub name: &'static str,
    /// Its kind.
    pub kind: QueryKind,
    /// Its text.
    pub sql: &'static str,
}

impl Query {
    /// Its parsed header comment.
    ///
    /// # Errors
    /// The comment is malformed; a test checks that none is.
    pub fn header(&self) -> Result<Header> {
        Header::parse(&self.path(), self.sql)
    }

    /// Its path below `queries/`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}.sql", self.kind.folder(), self.name)
    }

    /// Whether it is for other files only.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.name.starts_with('_')
    }
}

/// A query from a user's file, or a copy of one of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserQuery {
    /// Its name: the file's stem.
    pub name: String,
    /// The file as messages name it.
    pub path: String,
    /// Its text.
    pub sql: String,
}

impl UserQuery {
    /// A query from a user's file.
    #[must_use]
    pub fn new(path: &Path, sql: String) -> Self {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        UserQuery { name, path: path.display().to_string(), sql }
    }

    /// What the comment at its head says.
    ///
    /// # Errors
    /// The comment is not as it must be.
    pub fn header(&self) -> Result<Header> {
        Header::parse(&self.path, &self.sql)
    }
}

impl From<&Query> for UserQuery {
    fn from(query: &Query) -> Self {
        UserQuery { name: query.name.to_owned(), path: query.path(), sql: query.sql.to_owned() }
    }
}

macro_rules! library {
    ($($kind:ident $folder:literal: $($name:literal)*;)*) => {
        /// Every file, by kind; within a kind, in the order of the list.
        pub static LIBRARY: &[Query] = &[$($(
            Query {
                name: $name,
                kind: QueryKind::$kind,
                sql: include_str!(concat!("../", $folder, "/", $name, ".sql")),
            },
        )*)*];
    };
}

library! {
    View "views":
        "events" "changes" "_rows" "_replayed" "states" "iterators" "stacks" "instruction_steps" "steps" "funnel" "coverage"
        "yield" "slices" "contents" "_prompts" "_chosen_rows";
    Filter "filters": "_verdicts" "usable" "returned";
    Format "formats": "direct" "scratchpad" "compact_scratchpad" "dynamic_line" "dynamic_line_n";
    Mixture "mixtures": "default";
    Check "checks":
        "call_return_nesting" "changes_without_event" "changes_without_name" "event_counts" "events_without_execution"
        "executions_of_one_index" "frames_and_events" "instructions_and_steps" "functions_in_two_splits"
        "functions_without_origin" "samples_without_execution";
}

/// The file of that kind and name.
#[must_use]
pub fn named(kind: QueryKind, name: &str) -> Option<&'static Query> {
    LIBRARY.iter().find(|query| query.kind == kind && query.name == name)
}

/// The public files of a kind.
pub fn of_kind(kind: QueryKind) -> impl Iterator<Item = &'static Query> {
    LIBRARY.iter().filter(move |query| query.kind == kind && !query.is_private())
}

/// The names of the public files of a kind, for a message about a name that none has.
#[must_use]
pub fn names(kind: QueryKind) -> Vec<&'static str> {
    of_kind(kind).map(|query| query.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sql_file_is_in_the_library_and_the_other_way_round() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        for kind in [QueryKind::View, QueryKind::Filter, QueryKind::Format, QueryKind::Mixture, QueryKind::Check] {
            for entry in std::fs::read_dir(root.join(kind.folder())).unwrap() {
                found.push(format!("{}/{}", kind.folder(), entry.unwrap().file_name().to_string_lossy()));
            }
        }
        found.sort();
        let mut listed: Vec<String> = LIBRARY.iter().map(Query::path).collect();
        listed.sort();
        assert_eq!(found, listed);
    }

    #[test]
    fn every_header_is_read_and_formats_have_a_version() {
        for query in LIBRARY {
            let header = query.header().unwrap();
            assert!(!header.reads.is_empty(), "{} reads nothing", query.path());
            assert_eq!(header.version > 0, query.kind == QueryKind::Format, "{}", query.path());
        }
    }
}

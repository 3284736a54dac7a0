//! The `.sql` files and functions, and tables with columns of lists, run on the fixture: `tests/sql/KIND/NAME.slt`.
//!
//! In these files, formats, mixtures and checks can be read like views, with their parameters' defaults; `chosen` are
//! the executions 0, 1 and 2, and `shares` gives every format 1. `broken_NAME` is a check over a fixture with faults. An empty text is shown as `(empty)`, a space at the
//! beginning of a text as `·`, a line end inside one as `⏎`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use sqllogictest::{DBOutput, DefaultColumnType, Runner};
use tracemill::dataset::Dataset;
use tracemill_queries::{Error, LIBRARY, QueryKind, Session, SessionOptions, of_kind};
use tracemill_schemas::TABLES;

use crate::fixture;
use crate::harness::repository;

/// A session as the runner wants one.
struct Database {
    session: Session,
    runtime: tokio::runtime::Runtime,
}

impl sqllogictest::DB for Database {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Error> {
        let batches = self.runtime.block_on(async {
            let frame = self.session.sql(sql).await?;
            frame.collect().await.map_err(Error::query("the statement"))
        })?;
        let options = FormatOptions::default().with_null("NULL");
        let mut rows = Vec::new();
        for batch in &batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                rows.push(columns.iter().map(|column| visible(&column.value(row).to_string())).collect());
            }
        }
        match batches.first() {
            Some(batch) => Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; batch.num_columns()], rows }),
            None => Ok(DBOutput::StatementComplete(0)),
        }
    }
}

fn visible(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".into();
    }
    let rest = text.trim_start_matches(' ');
    format!("{}{}", "·".repeat(text.len() - rest.len()), rest.replace('\n', "⏎"))
}

/// A session over the fixture's files.
async fn session(root: &Path) -> Session {
    let session = Session::new(&SessionOptions { memory_mib: 128, partitions: 2, temp_dir: None }).unwrap();
    let dataset = Dataset::new(root);
    for table in TABLES {
        session.register_table(table, &dataset.files(table.name).unwrap()).unwrap();
    }
    let executions: Arc<Int64Array> = Arc::new(vec![0, 1, 2].into());
    let schema = Arc::new(Schema::new(vec![Field::new("execution_index", DataType::Int64, false)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![executions]).unwrap();
    session.register_rows("chosen", schema, vec![batch]).await.unwrap();
    session.register_filters(&[]).await.unwrap();
    let names: StringArray = of_kind(QueryKind::Format).map(|query| Some(query.name)).collect();
    let shares: Float64Array = (0..names.len()).map(|_| Some(1.0)).collect();
    let fields = vec![Field::new("format", DataType::Utf8, false), Field::new("share", DataType::Float64, false)];
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(names), Arc::new(shares)]).unwrap();
    session.register_rows("shares", schema, vec![batch]).await.unwrap();
    for query in
        LIBRARY.iter().filter(|query| matches!(query.kind, QueryKind::Format | QueryKind::Mixture | QueryKind::Check))
    {
        session.register_query(query.name, &query.into(), &[]).await.unwrap();
    }
    session
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_stack_size(16 << 20).enable_time().build().unwrap()
}

/// As [`session`], with every check over the broken fixture as `broken_NAME`.
async fn session_with_faults(sound: &Path, broken: &Path) -> Session {
    let (session, faulty) = (session(sound).await, session(broken).await);
    for query in of_kind(QueryKind::Check) {
        let frame = faulty.named(QueryKind::Check, query.name, &[]).await.unwrap();
        session.context().register_table(format!("broken_{}", query.name), frame.into_view()).unwrap();
    }
    session
}

/// Runs every file of a folder; a failure names file and line.
fn run(kind: &str) {
    let fixture = tempfile::tempdir().unwrap();
    fixture::write(fixture.path());
    let broken = tempfile::tempdir().unwrap();
    fixture::write_broken(broken.path());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(repository("tests/sql").join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "tests/sql/{kind} is empty");
    let mut failures = Vec::new();
    for file in files {
        let mut runner = Runner::new(|| async {
            let runtime = runtime();
            let (sound, broken) = (fixture.path().to_owned(), broken.path().to_owned());
            // The runner polls this on a runtime of its own, where another cannot block.
            let (runtime, session) = std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn(move || {
                    let session = runtime.block_on(session_with_faults(&sound, &broken));
                    (runtime, session)
                })
                .unwrap()
                .join()
                .unwrap();
            Ok(Database { session, runtime })
        });
        runner.with_normalizer(|text| text.trim_end().to_owned());
        if let Err(error) = runner.run_file(&file) {
            failures.push(error.display(false).to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn tables() {
    run("tables");
}

#[test]
fn views() {
    run("views");
}

#[test]
fn filters() {
    run("filters");
}

#[test]
fn formats() {
    run("formats");
}

#[test]
fn mixtures() {
    run("mixtures");
}

#[test]
fn checks() {
    run("checks");
}

#[test]
fn functions() {
    run("functions");
}

#[test]
fn every_function_is_called_by_its_test() {
    for name in tracemill_queries::functions::NAMES {
        let path = repository(&format!("tests/sql/functions/{name}.slt"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.contains(&format!("{name}(")), "{} does not call `{name}`", path.display());
    }
}

//! Every file of the library is planned over empty tables and compared with its header.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::config::Dialect;
use tracemill_schemas::TABLES;

use super::*;

async fn empty() -> Session {
    let session = Session::new(&SessionOptions { memory_mib: 128, partitions: 2, temp_dir: None }).unwrap();
    for table in TABLES {
        session.register_table(table, &[]).unwrap();
    }
    session.register_library().await.unwrap();
    session.register_filters(&[]).await.unwrap();
    let chosen = Schema::new(vec![Field::new("execution_index", DataType::Int64, false)]);
    session.register_rows("chosen", Arc::new(chosen), Vec::new()).await.unwrap();
    let shares = vec![Field::new("format", DataType::Utf8, false), Field::new("share", DataType::Float64, false)];
    session.register_rows("shares", Arc::new(Schema::new(shares)), Vec::new()).await.unwrap();
    session
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_stack_size(16 << 20).build().unwrap()
}

#[test]
fn every_file_gives_the_columns_that_its_header_names() {
    runtime().block_on(async {
        let session = empty().await;
        for query in LIBRARY {
            let frame = session.query(&query.into(), &[]).await.unwrap_or_else(|error| panic!("{error}"));
            let shown = |name: &str, data_type: &DataType| match data_type {
                DataType::Struct(_) => format!("{name} STRUCT"),
                other => format!("{name} {other}"),
            };
            let planned: Vec<String> =
                frame.schema().fields().iter().map(|field| shown(field.name(), field.data_type())).collect();
            let header = query.header().unwrap();
            let declared: Vec<String> =
                header.columns.iter().map(|column| shown(&column.name, &column.data_type)).collect();
            assert_eq!(planned, declared, "{}", query.path());
            assert!(frame.collect().await.unwrap().iter().all(|batch| batch.num_rows() == 0), "{}", query.path());
        }
    });
}

#[test]
fn every_file_reads_what_its_header_names() {
    runtime().block_on(async {
        let session = empty().await;
        for query in LIBRARY {
            let state = session.context.state();
            let statement = state.sql_to_statement(query.sql, &Dialect::Generic).unwrap();
            let read = state.resolve_table_references(&statement).unwrap();
            let read: BTreeSet<String> = read.iter().map(|name| name.table().to_owned()).collect();
            let declared: BTreeSet<String> = query.header().unwrap().reads.into_iter().collect();
            assert_eq!(read, declared, "{}", query.path());
        }
    });
}

#[test]
fn kinds_read_only_what_is_below_them() {
    let below = |kind: QueryKind| match kind {
        QueryKind::View | QueryKind::Check => vec![QueryKind::View],
        QueryKind::Filter | QueryKind::Mixture => vec![QueryKind::View, QueryKind::Filter],
        QueryKind::Format => vec![QueryKind::View],
    };
    for query in LIBRARY {
        for read in query.header().unwrap().reads {
            let known = TABLES.iter().any(|table| table.name == read || stored_name(table) == read)
                || ["chosen", "shares"].contains(&read.as_str())
                || below(query.kind).into_iter().any(|kind| named(kind, &read).is_some());
            assert!(known, "{} reads {read}", query.path());
        }
    }
}

#[test]
fn a_parameter_without_value_is_named() {
    runtime().block_on(async {
        let session = empty().await;
        let query = UserQuery {
            name: "mine".into(),
            path: "mine.sql".into(),
            sql: "-- A row.\n-- @param least BIGINT  How few.\nSELECT kind FROM events WHERE event_index > $least"
                .into(),
        };
        let error = session.query(&query, &[]).await.unwrap_err();
        assert_eq!(error.to_string(), "failed to run mine.sql: parameter `least` has neither a value nor a default");
        let least = [("least", ScalarValue::from(3_i64)), ("other", ScalarValue::from(1_i64))];
        assert_eq!(session.query(&query, &least).await.unwrap().count().await.unwrap(), 0);
    });
}

//! Round trips, and the promises that every table file makes.

use super::*;
use crate::corpora::CorporaRow;
use crate::functions::FunctionsRow;

#[test]
fn every_nullable_column_says_what_null_means_and_no_other_does() {
    for table in TABLES {
        for column in table.columns {
            assert_eq!(column.nullable, !column.null.is_empty(), "{}.{}", table.name, column.name);
            assert!(!column.doc.trim().is_empty(), "{}.{} has no sentence", table.name, column.name);
        }
    }
}

#[test]
fn every_sort_key_is_made_of_columns() {
    for table in TABLES {
        let is_column = |name: &&str| table.columns.iter().any(|column| column.name == *name);
        assert!(table.sort_key.iter().all(is_column), "{}: {:?}", table.name, table.sort_key);
        assert!(!table.sort_key.is_empty() || !table.order.is_empty(), "{} has no order", table.name);
        // The statistics of a table by the million are those of its first sort column.
        assert!(!table.bulk || !table.sort_key.is_empty(), "{} cannot be pruned", table.name);
    }
}

#[test]
fn rows_survive_a_batch() {
    let rows = vec![
        FunctionsRow {
            function_id: "a".into(),
            parameters: vec![
                Parameter {
                    name: "x".into(),
                    kind: "positional_or_keyword".into(),
                    annotation: Some("int".into()),
                    default: None,
                },
                Parameter {
                    name: "y".into(),
                    kind: "keyword_only".into(),
                    annotation: None,
                    default: Some("'é'".into()),
                },
            ],
            decorators: vec!["cache".into(), String::new()],
            licence: None,
            is_async: true,
            line_count: i32::MAX,
            ..FunctionsRow::default()
        },
        FunctionsRow { licence: Some("MIT".into()), ..FunctionsRow::default() },
    ];
    let mut builder = <FunctionsRow as Row>::Builder::default();
    rows.iter().for_each(|row| builder.push(row));
    assert_eq!(builder.len(), 2);
    let batch = builder.finish();
    assert!(builder.is_empty());
    assert_eq!(FunctionsRow::read(&batch).unwrap(), rows);
    assert_eq!(FunctionsRow::read(&builder.finish()).unwrap(), Vec::new());
}

#[test]
fn a_batch_of_another_table_is_refused_by_name() {
    let mut builder = <CorporaRow as Row>::Builder::default();
    builder.push(&CorporaRow::default());
    let error = FunctionsRow::read(&builder.finish()).unwrap_err();
    assert_eq!(error.to_string(), "column `function_id` is missing");
}

#[test]
fn another_version_or_table_is_refused_by_name() {
    let table = &corpora::CORPORA;
    let check = |metadata: &[(&str, &str)]| {
        let value_of = |key: &str| metadata.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        table.check_metadata(value_of).map_err(|error| error.to_string())
    };
    let own = table.metadata();
    let own: Vec<(&str, &str)> = own.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(check(&own), Ok(()));
    let wanted = format!(", and this tracemill reads version {} of the table `corpora`", table.version);
    for (metadata, found) in [
        (vec![own[0], ("tracemill.version", "99")], "it holds version 99 of the table `corpora`"),
        (vec![("tracemill.table", "stats"), own[1]], "it holds version 1 of the table `stats`"),
        (vec![own[0]], "it does not say which version of which table it holds"),
        (vec![], "it does not say which version of which table it holds"),
    ] {
        assert_eq!(check(&metadata), Err(format!("{found}{wanted}")));
    }
}

#[test]
fn framed_parts_cannot_be_confused() {
    assert_ne!(ids::framed(&[b"ab", b"c"]), ids::framed(&[b"a", b"bc"]));
    assert_ne!(ids::framed(&[b"", b"a"]), ids::framed(&[b"a", b""]));
}

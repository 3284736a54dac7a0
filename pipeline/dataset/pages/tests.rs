//! What is written as pages is read back by the library: every shape of column, also where a page or a row group ends.

use std::fs::File;

use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use proptest::prelude::*;
use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::{Builder as _, Row};

use super::*;
use crate::dataset::groups::GROUP_ROWS;
use crate::dataset::{PartOutput, read_rows};

/// Writes batches of that many rows each, gives the file's metadata and what is read back.
fn written(rows: &[ChangesRow], batch: usize) -> (ParquetMetaData, Vec<ChangesRow>) {
    let folder = tempfile::tempdir().unwrap();
    let mut output = PartOutput::new(folder.path(), "0", 1);
    let mut writer = output.table::<ChangesRow>().unwrap();
    for rows in rows.chunks(batch.max(1)) {
        let mut builder = <ChangesRow as Row>::Builder::default();
        rows.iter().for_each(|row| builder.push(row));
        writer.write(&builder.finish()).unwrap();
    }
    output.close(writer).unwrap();
    output.commit().unwrap();
    let path = folder.path().join("changes/part-0.parquet");
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(&path).unwrap()).unwrap();
    (metadata, read_rows(&path).unwrap().flat_map(Result::unwrap).collect())
}

/// Numbers as columns have them: equal, in steps, small, or any.
fn numbers() -> impl Strategy<Value = Vec<i64>> {
    let steps = (any::<i64>(), -3_i64..4, 1_usize..300).prop_map(|(first, step, count)| {
        (0..count as i64).map(|at| first.wrapping_add(at.wrapping_mul(step))).collect()
    });
    let small = proptest::collection::vec(-5_i64..5, 0..300);
    let any = proptest::collection::vec(prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX)], 0..150);
    proptest::collection::vec(prop_oneof![steps, small, any], 1..5).prop_map(|pieces: Vec<Vec<i64>>| pieces.concat())
}

/// Whether the value of a row is there: always, never, in runs, or at random.
fn presence(shape: u8, at: usize, number: i64) -> bool {
    match shape % 4 {
        0 => true,
        1 => false,
        2 => (at / 100).is_multiple_of(2),
        _ => number.rem_euclid(3) != 0,
    }
}

fn rows_of(numbers: &[i64], shape: u8, words: usize) -> Vec<ChangesRow> {
    let row = |(at, &number): (usize, &i64)| {
        let has = presence(shape, at, number);
        ChangesRow {
            execution_index: at as i64,
            frame_index: number as i32,
            variable_index: at as i32 / 50,
            event_index: (number >> 32) as i32,
            name: has.then(|| format!("v{}", number.unsigned_abs() as usize % words)),
            scope: (at % 90 > 60).then(|| "stack".to_owned()),
            value_int: has.then_some(number),
            value_text: presence(shape / 4, at, number).then(|| "é".repeat(number.unsigned_abs() as usize % 300)),
            object_index: presence(shape / 16, at, number).then_some(number as i32),
            ..ChangesRow::default()
        }
    };
    numbers.iter().enumerate().map(row).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(numbers in numbers(), shape: u8, batch in 1_usize..400, words in 1_usize..600) {
        let rows = rows_of(&numbers, shape, words);
        let (_, read) = written(&rows, batch);
        prop_assert_eq!(read, rows);
    }
}

#[test]
fn columns_that_say_little_take_no_room() {
    let rows: Vec<_> = (0..100_000).map(|at| ChangesRow { event_index: at * 3, ..ChangesRow::default() }).collect();
    let (metadata, read) = written(&rows, 7_000);
    assert_eq!(read, rows);
    for column in metadata.row_group(0).columns() {
        assert!(column.compressed_size() < 200, "{}: {}", column.column_path(), column.compressed_size());
    }
}

#[test]
fn a_page_has_the_encoding_that_is_smaller() {
    let noise = |at: i64| {
        let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64);
        (mixed ^ mixed >> 31).wrapping_mul(0x94d0_49bb_1331_11eb_u64 as i64) >> 24
    };
    let row = |at: i32| ChangesRow {
        // Rises in uneven small steps; repeats itself after a while.
        event_index: at * 3 + (noise(at.into()) & 1) as i32,
        value_int: Some(noise(i64::from(at % 1_000)) & 0xffff),
        ..ChangesRow::default()
    };
    let rows: Vec<_> = (0..100_000).map(row).collect();
    let (metadata, read) = written(&rows, 9_000);
    assert_eq!(read, rows);
    let encoded = |name: &str| {
        let mut columns = metadata.row_group(0).columns().iter();
        columns.find(|column| column.column_path().string() == name).unwrap().encodings().collect::<Vec<_>>()
    };
    assert!(encoded("event_index").contains(&ParquetEncoding::DELTA_BINARY_PACKED));
    assert!(encoded("value_int").contains(&ParquetEncoding::BYTE_STREAM_SPLIT));
}

#[test]
fn many_texts_fill_the_dictionary_and_many_rows_the_row_group() {
    let row = |at: usize| ChangesRow {
        execution_index: at as i64,
        name: Some(format!("a name that nobody else has, {}", if at < 60_000 { at } else { at % 7 })),
        value_int: (!at.is_multiple_of(5)).then_some(at as i64 / 3),
        ..ChangesRow::default()
    };
    let rows: Vec<_> = (0..GROUP_ROWS + 70_000).map(row).collect();
    let (metadata, read) = written(&rows, 30_000);
    assert!(read == rows, "what is read is not what was written");
    let groups: Vec<_> = metadata.row_groups().iter().map(|group| group.num_rows() as usize).collect();
    assert_eq!(groups, [GROUP_ROWS, 70_000]);
    let range = metadata.row_group(1).column(0).statistics().unwrap();
    assert_eq!(range.min_bytes_opt().unwrap(), (GROUP_ROWS as i64).to_le_bytes());
    assert_eq!(range.max_bytes_opt().unwrap(), (GROUP_ROWS as i64 + 69_999).to_le_bytes());
}

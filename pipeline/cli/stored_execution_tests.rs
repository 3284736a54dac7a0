//! A small dataset written part by part, and what is found in it.

use tracemill_schemas::Row;
use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_trace::{Action, Change, EventKind, Frame, Scope, Value};

use super::*;
use crate::dataset::PartOutput;

const FIRST: &str = "aa11000000000000000000000000000f";
const SECOND: &str = "aa22000000000000000000000000000f";
const THIRD: &str = "1234000000000000000000000000000f";

fn write<R: Row>(root: &Path, key: &str, rows: &[R]) {
    let mut output = PartOutput::new(root, key, 1);
    let mut writer = output.table::<R>().unwrap();
    for row in rows {
        writer.push(row).unwrap();
    }
    output.close(writer).unwrap();
    output.commit().unwrap();
}

fn execution(id: &str, index: i64) -> ExecutionsRow {
    ExecutionsRow {
        execution_id: id.into(),
        execution_index: index,
        function_id: "f1".into(),
        input_id: format!("i{index}"),
        outcome: "returned".into(),
        result: Some("7".into()),
        result_type: Some("int".into()),
        event_count: 2,
        change_count: 2,
        ..ExecutionsRow::default()
    }
}

fn events(index: i64) -> Vec<EventsRow> {
    let event = |event_index, kind: &str, line_number, value: Option<&str>| EventsRow {
        execution_index: index,
        event_index,
        kind: Some(kind.into()),
        line_number,
        value: value.map(str::to_owned),
        value_type: value.map(|_| "int".into()),
        ..EventsRow::default()
    };
    vec![event(0, "call", 1, None), event(1, "return", 2, Some("7"))]
}

fn changes(index: i64) -> Vec<ChangesRow> {
    // In the table's order, which is not that of events.
    let change = |variable_index, event_index, name: &str, scope: &str| ChangesRow {
        execution_index: index,
        scope: Some(scope.into()),
        variable_index,
        name: Some(name.into()),
        event_index,
        action: Some("bound".into()),
        value_int: Some(index + i64::from(event_index)),
        ..ChangesRow::default()
    };
    vec![change(0, 1, "G", "global"), change(0, 0, "x", "local")]
}

fn dataset() -> (tempfile::TempDir, Dataset) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "00000", &[FunctionsRow { function_id: "f1".into(), ..FunctionsRow::default() }]);
    for (key, executions) in [("00000", vec![(FIRST, 0), (SECOND, 1)]), ("00001", vec![(THIRD, 1_000_000)])] {
        let input =
            |index| InputsRow { input_id: format!("i{index}"), call: format!("f({index})"), ..Default::default() };
        write(root, key, &executions.iter().map(|&(_, index)| input(index)).collect::<Vec<_>>());
        write(root, key, &executions.iter().map(|&(id, index)| execution(id, index)).collect::<Vec<_>>());
        let frame = |index| FramesRow { execution_index: index, function: "f".into(), ..FramesRow::default() };
        write(root, key, &executions.iter().map(|&(_, index)| frame(index)).collect::<Vec<_>>());
        write(root, key, &executions.iter().flat_map(|&(_, index)| events(index)).collect::<Vec<_>>());
        write(root, key, &executions.iter().flat_map(|&(_, index)| changes(index)).collect::<Vec<_>>());
    }
    let dataset = Dataset::new(root);
    (folder, dataset)
}

#[test]
fn an_execution_is_found_by_id_beginning_and_number() {
    let (_folder, dataset) = dataset();
    for (wanted, call) in [
        (FIRST, "f(0)"),
        ("aa2", "f(1)"),
        ("AA2", "f(1)"),
        ("0", "f(0)"),
        ("1", "f(1)"),
        ("1000000", "f(1000000)"),
        ("1234", "f(1000000)"),
    ] {
        assert_eq!(find(&dataset, wanted).unwrap().input.call, call, "{wanted}");
    }
}

#[test]
fn what_is_not_unique_or_not_there_is_said() {
    let (_folder, dataset) = dataset();
    for (wanted, expected) in [
        ("aa", format!("`aa` is the beginning of several ids: {FIRST}, {SECOND}")),
        ("ff", "no execution has the id or number `ff`".to_owned()),
        ("7", "no execution has the id or number `7`".to_owned()),
        ("", "no execution has the id or number ``".to_owned()),
    ] {
        let error = find(&dataset, wanted).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(error.is::<UsageError>());
    }
}

#[test]
fn events_come_back_with_their_changes() {
    let (_folder, dataset) = dataset();
    let found = find(&dataset, "1").unwrap();
    let change = |scope, name: &str, value| Change {
        scope,
        variable_index: 0,
        name: name.into(),
        action: Action::Bound,
        value: Some(Value::Int(value)),
        object_index: None,
        members: None,
        items_drawn: None,
        items_left: None,
    };
    let bare = |kind, line_number, changes| Event {
        kind,
        frame_index: 0,
        line_number,
        instruction: None,
        changes,
        value: None,
        exception: None,
        output: String::new(),
        frame: None,
    };
    let frame = Frame { parent_index: None, depth: 0, function: "f".into(), code_index: 0 };
    let call = Event { frame: Some(frame), ..bare(EventKind::Call, 1, vec![change(Scope::Local, "x", 1)]) };
    let last = Event { value: Some(Value::Int(7)), ..bare(EventKind::Return, 2, vec![change(Scope::Global, "G", 2)]) };
    assert_eq!(found.events, [call, last]);
    assert_eq!((found.finished.outcome, found.finished.result), (Outcome::Returned, Some(Value::Int(7))));
}

#[test]
fn a_part_that_lacks_events_is_an_error() {
    let (folder, dataset) = dataset();
    write(folder.path(), "00001", &events(1_000_000)[..1]);
    let error = find(&dataset, THIRD).unwrap_err().to_string();
    let error = error.split_once(".parquet: ").unwrap().1;
    assert_eq!(error, format!("execution {THIRD} has 1 events and 2 changes, but its row says 2 and 2"));
}

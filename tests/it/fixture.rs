//! A small dataset made by hand: two units, five executions. Used by the SQL tests and those of the mixtures stage.
//!
//! `outer(2)` calls `inner`, deletes a variable and returns; `outer('x')` ends with an exception that passes through
//! two frames; `hello` is a program that reads and prints; an execution of `outer` met a limit;
//! the last one is recorded at instruction granularity and runs a loop.

use std::path::Path;

use tracemill::dataset::{Dataset, FileEntry, PartEntry, PartOutput};
use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::instructions::InstructionsRow;
use tracemill_schemas::mixtures::MixturesRow;
use tracemill_schemas::modules::ModulesRow;
use tracemill_schemas::origins::OriginsRow;
use tracemill_schemas::searches::SearchesRow;
use tracemill_schemas::stats::StatsRow;
use tracemill_schemas::{ModuleImport, Row, UnitSlice};

/// The key of the only part.
const KEY: &str = "00000";

const OUTER: &str = "\
LIMIT = 10


def inner(b):
    c = b + LIMIT
    return c


def outer(a):
    x = inner(a)
    del a
    return x
";

const HELLO: &str = "\
name = input()
print('hi ' + name)
print('bye')
";

const TYPE_ERROR: &str = "can only concatenate str (not \"int\") to str";

/// Writes all tables but `corpora` and `shards`.
pub(crate) fn write(root: &Path) {
    write_until_changes(root);
    table(root, &modules());
    table(root, &mixtures());
    table(root, &stats());
}

/// Writes the tables up to `changes`, and the manifests of their stages.
pub(crate) fn write_until_changes(root: &Path) {
    let functions = [table(root, &functions()), table(root, &origins())].concat();
    let inputs = [table(root, &inputs()), table(root, &searches())].concat();
    let executions = [
        table(root, &executions()),
        table(root, &frames()),
        table(root, &instructions()),
        table(root, &events()),
        table(root, &changes()),
    ]
    .concat();
    manifests(root, functions, inputs, executions);
}

/// Writes the manifests of the stages up to `executions`.
pub(crate) fn manifests(root: &Path, functions: Vec<FileEntry>, inputs: Vec<FileEntry>, executions: Vec<FileEntry>) {
    for (stage, files) in [("functions", functions), ("inputs", inputs), ("executions", executions)] {
        let part = PartEntry { fingerprint: "made by hand".into(), files, counts: Vec::new() };
        Dataset::new(root).commit_entry(stage, KEY, &part).unwrap();
    }
}

/// Writes the same tables with one fault for each check.
pub(crate) fn write_broken(root: &Path) {
    let mut events = events();
    events.retain(|row| (row.execution_index, row.event_index) != (0, 2));
    let late = EventsRow { kind: None, event_index: 8, line_number: 11, ..events[15].clone() };
    assert_eq!((late.execution_index, late.frame_index), (1, 0));
    events.insert(16, late);
    let lost = MixturesRow {
        sample_id: "s-lost".into(),
        execution_id: "e-9".into(),
        execution_index: 9,
        split: "test".into(),
        ..mixtures().remove(0)
    };
    table(root, &functions());
    table(root, &origins()[1..]);
    table(root, &inputs());
    let mut executions = executions();
    executions.retain(|row| row.execution_index != 2);
    executions.extend(["e-7", "e-seven"].map(|id| ExecutionsRow {
        execution_id: id.into(),
        execution_index: 7,
        ..ExecutionsRow::default()
    }));
    table(root, &executions);
    let mut frames = frames();
    frames[3].event_index = 3;
    frames.retain(|row| row.execution_index != 5);
    frames.push(FramesRow { execution_index: 6, frame_index: 1, code_index: 7, ..FramesRow::default() });
    table(root, &frames);
    let mut instructions = instructions();
    instructions.remove(2);
    instructions.push(InstructionsRow { code_index: 9, ..instructions[0].clone() });
    table(root, &instructions);
    table(root, &events);
    let mut changes = changes();
    changes.iter_mut().filter(|row| row.execution_index == 2).for_each(|row| row.name = None);
    table(root, &changes);
    table(root, &mixtures().into_iter().chain([lost]).collect::<Vec<_>>());
    table(root, &stats());
}

fn mixtures() -> Vec<MixturesRow> {
    let sample = |sample_id: &str, index: i64, prompt: &str, completion: &str| MixturesRow {
        sample_id: sample_id.into(),
        execution_id: format!("e-{index}"),
        execution_index: index,
        function_id: if index == 2 { "f-hello" } else { "f-outer" }.into(),
        corpus: "small".into(),
        licence: (index != 2).then(|| "MIT".into()),
        format: "direct".into(),
        format_version: 1,
        split: if index == 2 { "test" } else { "train" }.into(),
        prompt: prompt.into(),
        completion: completion.into(),
        ..MixturesRow::default()
    };
    vec![sample("s-two", 0, "p", "cd"), sample("s-text", 1, "", "é!"), sample("s-program", 2, "pp", "cc")]
}

fn stats() -> Vec<StatsRow> {
    let row = |stage: &str, unit: &str, reason: &str, severity: &str, count| StatsRow {
        stage: stage.into(),
        unit: unit.into(),
        reason: reason.into(),
        severity: severity.into(),
        count,
    };
    vec![
        row("mixtures", "samples", "direct", "kept", 0),
        row("mixtures", "executions", "chosen", "kept", 2),
        row("corpora", "files", "unparsable", "failure", 1),
        row("corpora", "files", "oversized", "info", 1),
        row("corpora", "files", "parsed", "kept", 2),
        row("corpora", "files", "parsed", "kept", 4),
    ]
}

/// Writes one table's file.
pub(crate) fn table<R: Row>(root: &Path, rows: &[R]) -> Vec<FileEntry> {
    let mut output = PartOutput::new(root, KEY, 3);
    let mut writer = output.table::<R>().unwrap();
    rows.iter().for_each(|row| writer.push(row).unwrap());
    output.close(writer).unwrap();
    output.commit().unwrap()
}

fn modules() -> Vec<ModulesRow> {
    let import = |module: &str, leads_to: &str, path: Option<&str>| ModuleImport {
        module: module.into(),
        leads_to: leads_to.into(),
        path: path.map(str::to_owned),
    };
    let row = |path: &str, module: Option<&str>, found_by: &str, imports| ModulesRow {
        file_id: format!("file-{path}"),
        corpus: "small".into(),
        path: path.into(),
        module: module.map(str::to_owned),
        is_package: path.ends_with("__init__.py"),
        root: path.split_once('/').map_or("", |(folder, _)| folder).into(),
        found_by: found_by.into(),
        imports,
    };
    let imports = vec![
        import("acme.text", "corpus", Some("src/acme/text.py")),
        import("numpy", "missing", None),
        import("re", "standard", None),
    ];
    vec![
        row("hello.py", Some("hello"), "script", Vec::new()),
        row("src/acme/__init__.py", Some("acme"), "package", imports),
        row("src/acme/no-name.py", None, "package", Vec::new()),
    ]
}

fn functions() -> Vec<FunctionsRow> {
    let outer = FunctionsRow {
        function_id: "f-outer".into(),
        corpus: "small".into(),
        path: "outer.py".into(),
        licence: Some("MIT".into()),
        kind: "function".into(),
        qualified_name: "outer".into(),
        line_number: 9,
        unit_line_number: 9,
        source: OUTER.into(),
        linkage: "files".into(),
        slices: slices(),
        line_count: 4,
        ..FunctionsRow::default()
    };
    let hello = FunctionsRow {
        function_id: "f-hello".into(),
        corpus: "small".into(),
        path: "hello.py".into(),
        kind: "program".into(),
        qualified_name: "hello".into(),
        line_number: 1,
        unit_line_number: 1,
        source: HELLO.into(),
        linkage: "file".into(),
        line_count: 3,
        ..FunctionsRow::default()
    };
    vec![hello, outer]
}

fn slices() -> Vec<UnitSlice> {
    let slice = |module: &str, path: &str, first_line, line_count| UnitSlice {
        module: module.into(),
        is_package: module == "acme",
        path: (!path.is_empty()).then(|| path.into()),
        first_line,
        line_count,
    };
    vec![slice("acme", "", 1, 0), slice("acme.inner", "inner.py", 1, 8), slice("acme.outer", "outer.py", 9, 5)]
}

fn origins() -> Vec<OriginsRow> {
    let origin = |function_id: &str, path: &str, line_number| OriginsRow {
        function_id: function_id.into(),
        corpus: "small".into(),
        path: path.into(),
        line_number,
        is_first: true,
        ..OriginsRow::default()
    };
    vec![origin("f-hello", "hello.py", 1), origin("f-outer", "outer.py", 9)]
}

fn inputs() -> Vec<InputsRow> {
    let call = |input_id: &str, input_index, setup: &str, call: &str| InputsRow {
        input_id: input_id.into(),
        function_id: "f-outer".into(),
        input_index,
        origin: "doctest".into(),
        setup: setup.into(),
        call: call.into(),
        ..InputsRow::default()
    };
    let program = InputsRow {
        input_id: "i-hello".into(),
        function_id: "f-hello".into(),
        origin: "stdin".into(),
        stdin: "Bo\n".into(),
        ..InputsRow::default()
    };
    vec![
        program,
        call("i-two", 0, "", "outer(2)"),
        call("i-text", 1, "text = 'x'\n", "outer(text)"),
        call("i-limit", 2, "", "outer(3)"),
        call("i-steps", 3, "", "outer(4)"),
    ]
}

fn searches() -> Vec<SearchesRow> {
    let hello = SearchesRow { function_id: "f-hello".into(), input_count: 1, ..SearchesRow::default() };
    let outer = SearchesRow {
        function_id: "f-outer".into(),
        input_count: 4,
        candidate_count: 40,
        line_count: Some(4),
        lines_reached: Some(3),
        branch_count: Some(0),
        branches_reached: Some(0),
        model: Some("model_cached".into()),
        ..SearchesRow::default()
    };
    vec![hello, outer]
}

fn executions() -> Vec<ExecutionsRow> {
    let execution =
        |index: i64, input_id: &str, outcome: &str, [events, lines, changes, frames]: [i64; 4]| ExecutionsRow {
            execution_id: format!("e-{index}"),
            execution_index: index,
            function_id: "f-outer".into(),
            input_id: input_id.into(),
            corpus: "small".into(),
            engine: "made by hand".into(),
            granularity: if index == 6 { "instruction" } else { "line" }.into(),
            outcome: outcome.into(),
            event_count: events,
            line_count: lines,
            change_count: changes,
            frame_count: frames,
            depth_max: 1,
            ..ExecutionsRow::default()
        };
    vec![
        ExecutionsRow {
            result: Some("12".into()),
            result_type: Some("int".into()),
            check_passed: Some(true),
            ..execution(0, "i-two", "returned", [9, 5, 7, 2])
        },
        ExecutionsRow {
            exception_type: Some("TypeError".into()),
            exception_message: Some(TYPE_ERROR.into()),
            exception_line_number: Some(5),
            ..execution(1, "i-text", "raised", [8, 2, 4, 2])
        },
        ExecutionsRow {
            function_id: "f-hello".into(),
            stdout: "hi Bo\nbye\n".into(),
            depth_max: 0,
            ..execution(2, "i-hello", "returned", [5, 3, 1, 1])
        },
        ExecutionsRow { depth_max: 0, ..execution(5, "i-limit", "step_limit", [1, 0, 0, 1]) },
        ExecutionsRow { depth_max: 0, instruction_count: 5, ..execution(6, "i-steps", "step_limit", [9, 3, 7, 1]) },
    ]
}

struct EventRows {
    rows: Vec<EventsRow>,
    execution_index: i64,
}

impl EventRows {
    fn new(execution_index: i64) -> Self {
        EventRows { rows: Vec::new(), execution_index }
    }

    fn event(mut self, kind: &str, frame_index: i32, line_number: i32, with: impl FnOnce(&mut EventsRow)) -> Self {
        let mut row = EventsRow {
            execution_index: self.execution_index,
            event_index: i32::try_from(self.rows.len()).unwrap(),
            kind: (kind != "line").then(|| kind.into()),
            frame_index,
            line_number,
            ..EventsRow::default()
        };
        with(&mut row);
        self.rows.push(row);
        self
    }

    fn instruction(self, line_number: i32, instruction_index: i32) -> Self {
        self.event("line", 0, line_number, |row| {
            row.instruction_index = Some(instruction_index);
        })
    }

    fn plain(self, kind: &str, frame_index: i32, line_number: i32) -> Self {
        self.event(kind, frame_index, line_number, |_| {})
    }

    fn valued(self, frame_index: i32, line_number: i32, value: &str, value_type: &str) -> Self {
        self.event("return", frame_index, line_number, |row| {
            row.value = Some(value.into());
            row.value_type = Some(value_type.into());
        })
    }

    fn raised(self, kind: &str, frame_index: i32, line_number: i32) -> Self {
        self.event(kind, frame_index, line_number, |row| row.exception = Some(format!("TypeError: {TYPE_ERROR}")))
    }
}

fn events() -> Vec<EventsRow> {
    let returned = EventRows::new(0)
        .plain("call", 0, 9)
        .plain("line", 0, 10)
        .plain("call", 1, 4)
        .plain("line", 1, 5)
        .plain("line", 1, 6)
        .valued(1, 6, "12", "int")
        .plain("line", 0, 11)
        .plain("line", 0, 12)
        .plain("return", 0, 12);
    let raised = EventRows::new(1)
        .plain("call", 0, 9)
        .plain("line", 0, 10)
        .plain("call", 1, 4)
        .plain("line", 1, 5)
        .raised("exception", 1, 5)
        .raised("unwind", 1, 5)
        .raised("exception", 0, 10)
        .raised("unwind", 0, 10);
    let program = EventRows::new(2)
        .plain("call", 0, 1)
        .plain("line", 0, 1)
        .plain("line", 0, 2)
        .event("line", 0, 3, |row| row.output = Some("hi Bo\n".into()))
        .event("return", 0, 3, |row| {
            row.value = Some("None".into());
            row.value_type = Some("NoneType".into());
            row.output = Some("bye\n".into());
        });
    let limited = EventRows::new(5).plain("call", 0, 9);
    let steps = EventRows::new(6)
        .plain("call", 0, 9)
        .plain("line", 0, 10)
        .instruction(10, 0)
        .instruction(10, 1)
        .instruction(10, 2)
        .plain("line", 0, 11)
        .instruction(11, 3)
        .plain("line", 0, 10)
        .instruction(10, 2);
    [returned, raised, program, limited, steps].into_iter().flat_map(|told| told.rows).collect()
}

fn frames() -> Vec<FramesRow> {
    let frame = |execution_index, frame_index: i32, function: &str, event_index| FramesRow {
        execution_index,
        frame_index,
        parent_index: (frame_index > 0).then_some(0),
        depth: frame_index,
        function: function.into(),
        code_index: frame_index,
        event_index,
    };
    vec![
        frame(0, 0, "outer", 0),
        frame(0, 1, "inner", 2),
        frame(1, 0, "outer", 0),
        frame(1, 1, "inner", 2),
        frame(2, 0, "<module>", 0),
        frame(5, 0, "outer", 0),
        frame(6, 0, "outer", 0),
    ]
}

fn instructions() -> Vec<InstructionsRow> {
    let instruction = |instruction_index, opcode: &str, argument, meaning: Option<&str>, stack_depth| InstructionsRow {
        execution_index: 6,
        code_index: 0,
        instruction_index,
        opcode: opcode.into(),
        argument,
        meaning: meaning.map(Into::into),
        line_number: if opcode == "STORE_FAST" { 11 } else { 10 },
        stack_depth,
        pushes: (opcode == "LOAD_FAST").then(|| "local 0".into()),
    };
    vec![
        instruction(0, "LOAD_FAST", Some(0), Some("xs"), 0),
        instruction(1, "GET_ITER", None, None, 1),
        instruction(2, "FOR_ITER", Some(9), Some("to 12"), 1),
        instruction(3, "STORE_FAST", Some(1), Some("x"), 2),
    ]
}

fn changes() -> Vec<ChangesRow> {
    let change = |execution_index, frame_index, scope: &str, variable_index, name: &str, event_index| ChangesRow {
        execution_index,
        frame_index,
        scope: (scope != "local").then(|| scope.into()),
        variable_index,
        name: (!name.is_empty()).then(|| name.into()),
        event_index,
        ..ChangesRow::default()
    };
    let int = |value: i64, row| ChangesRow { value_int: Some(value), ..row };
    let text = |value: &str, value_type: &str, row| ChangesRow {
        value_text: Some(value.into()),
        value_type: (value_type != "str").then(|| value_type.into()),
        ..row
    };
    let list = |row| ChangesRow { object_index: Some(0), ..text("[5, 7]", "list", row) };
    vec![
        int(2, change(0, 0, "local", 0, "a", 0)),
        change(0, 0, "local", 0, "", 7),
        int(12, change(0, 0, "local", 1, "x", 6)),
        text("<function inner>", "function", change(0, 0, "global", 0, "inner", 0)),
        int(2, change(0, 1, "local", 0, "b", 2)),
        int(12, change(0, 1, "local", 1, "c", 4)),
        int(10, change(0, 1, "global", 0, "LIMIT", 2)),
        text("'x'", "str", change(1, 0, "local", 0, "a", 0)),
        text("<function inner>", "function", change(1, 0, "global", 0, "inner", 0)),
        text("'x'", "str", change(1, 1, "local", 0, "b", 2)),
        int(10, change(1, 1, "global", 0, "LIMIT", 2)),
        text("'Bo'", "str", change(2, 0, "local", 0, "name", 2)),
        list(change(6, 0, "local", 0, "xs", 0)),
        ChangesRow {
            value_text: Some(", 9".into()),
            splice_start: Some(5),
            splice_removed: Some(0),
            object_index: Some(0),
            ..change(6, 0, "local", 0, "", 7)
        },
        int(5, change(6, 0, "local", 1, "x", 7)),
        ChangesRow {
            value_int: Some(1),
            items_left: Some(1),
            ..text("[5, 7]", "list_iterator", change(6, 0, "iterator", 0, "for 10", 5))
        },
        int(2, change(6, 0, "iterator", 0, "", 8)),
        text("<list_iterator object>", "list_iterator", change(6, 0, "stack", 0, "", 4)),
        int(5, change(6, 0, "stack", 1, "", 6)),
    ]
}

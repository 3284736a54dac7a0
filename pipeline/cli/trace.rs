//! `tracemill trace`: one call, or a whole program, traced in a sandboxed worker and drawn.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value as Json, json};
use tracemill_trace::{Event, Value};

use crate::cli::draw::{Drawing, draw};
use crate::cli::terminal::{Style, output};
use crate::cli::{Exit, interrupt, render};
use crate::config::{Overrides, load};
use crate::executions::{TraceRequest, Traced, WorkerCommand, trace_one};

const EXAMPLES: &str = "\
In a drawing, `x = 1` is a variable that got a value, `x ~ [1]` an object that changed in place, `»` printed text.
An instruction has its number, its name, what its argument means, and after `|` the value stack that it finds.
The file runs in the sandbox: it can neither read files nor reach a network, and imports only what the engine carries.
What the traced program does, also when it fails, is the result: the exit code is 0.

Examples:
  tracemill trace sorting.py --call 'bubble_sort([3, 1, 2])'
  tracemill trace sorting.py --call 'bubble_sort([3, 1, 2])' --iterators --granularity instruction
  tracemill trace program.py --stdin input.txt --set executions.limits.steps=500
  tracemill trace sorting.py --call 'f(1)' --format scratchpad
  tracemill trace sorting.py --call 'f(1)' --json | jq .kind";

/// Trace one call or a whole program and draw it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Python source.
    #[arg(value_name = "FILE.py")]
    file: PathBuf,
    /// Expression to trace once the file has run; without it the file itself is traced as a program.
    #[arg(long, value_name = "EXPRESSION")]
    call: Option<String>,
    /// Print training text in one of the shipped formats instead of a drawing.
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    format: Option<String>,
    /// Print one JSON object an event, and a last one with `outcome`.
    #[arg(long)]
    json: bool,
    /// File that the program reads as its standard input.
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// How finely: each line, or each instruction with the value stack; by default as configured.
    #[arg(long, value_name = "WHAT")]
    granularity: Option<Granularity>,
    /// Show how far each running loop is.
    #[arg(long, conflicts_with_all = ["format", "json"])]
    iterators: bool,
    /// Set a key of the configuration, such as a limit.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// What `--granularity` takes.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Granularity {
    /// Calls, lines, returns, exceptions.
    Line,
    /// Instructions too.
    Instruction,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let overrides = Overrides { set: args.set, ..Overrides::default() };
    let config = load(None, &overrides)?.executions;
    let (mut subscription, limits) = (config.subscription(), config.limits);
    subscription.granularity = match args.granularity {
        Some(Granularity::Line) => tracemill_trace::Granularity::Line,
        Some(Granularity::Instruction) => tracemill_trace::Granularity::Instruction,
        None => subscription.granularity,
    };
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()));
    let source = read(&args.file)?;
    let source = source.strip_prefix('\u{feff}').unwrap_or(&source).replace("\r\n", "\n");
    let stdin = args.stdin.as_ref().map(read).transpose()?.unwrap_or_default();
    let request = TraceRequest { source, call: args.call, setup: String::new(), stdin, subscription, limits };
    let cancel = interrupt::watch()?;
    let traced = match trace_one(&request, WorkerCommand::this_executable()?, &cancel) {
        Ok(traced) => traced,
        Err(error) => return interrupt::plainly(Err(error.into())),
    };

    let mut out = output();
    if let Some(format) = &args.format {
        out.write_all(render::render(&request, traced, format)?.as_bytes())?;
    } else if args.json {
        write_json(&traced, &mut out)?;
    } else {
        let drawing = Drawing {
            source: &request.source,
            call: request.call.as_deref(),
            events: &traced.events,
            finished: &traced.finished,
            iterators: args.iterators,
        };
        draw(&drawing, Style::of_output(), &mut out)?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// One object an event, then one with `outcome`. Names are those of the tables.
fn write_json(traced: &Traced, out: &mut impl Write) -> io::Result<()> {
    for (index, event) in traced.events.iter().enumerate() {
        writeln!(out, "{}", event_json(index, event))?;
    }
    let finished = &traced.finished;
    let (result, result_type, result_chars) = value_json(finished.result.as_ref());
    let exception = finished.exception.as_ref();
    let last = json!({
        "outcome": finished.outcome.name(),
        "result": result,
        "result_type": result_type,
        "result_chars": result_chars,
        "exception_type": exception.map(|exception| &exception.type_name),
        "exception_message": exception.map(|exception| &exception.message),
        "exception_line_number": exception.and_then(|exception| exception.line_number),
        "event_count": traced.events.len(),
        "stdout": finished.stdout,
        "imports": finished.imports,
        "labels": finished.labels,
        "engine": traced.engine,
    });
    writeln!(out, "{last}")
}

fn event_json(index: usize, event: &Event) -> Json {
    let changes: Vec<Json> = event
        .changes
        .iter()
        .map(|change| {
            let (value, value_type, value_chars) = value_json(change.value.as_ref());
            json!({
                "scope": change.scope.name(),
                "variable_index": change.variable_index,
                "name": change.name,
                "action": change.action.name(),
                "value": value,
                "value_type": value_type,
                "value_chars": value_chars,
                "object_index": change.object_index,
                "members": change.members,
                "items_drawn": change.items_drawn,
                "items_left": change.items_left,
            })
        })
        .collect();
    let (value, value_type, value_chars) = value_json(event.value.as_ref());
    let mut json = json!({
        "event_index": index,
        "kind": event.kind.name(),
        "frame_index": event.frame_index,
        "line_number": event.line_number,
        "changes": changes,
        "value": value,
        "value_type": value_type,
        "value_chars": value_chars,
        "exception": event.exception,
        "output": (!event.output.is_empty()).then_some(&event.output),
    });
    if let (Some(instruction), Some(object)) = (&event.instruction, json.as_object_mut()) {
        object.insert("instruction_index".to_owned(), json!(instruction.instruction_index));
        object.insert("opcode".to_owned(), json!(instruction.operation.opcode));
        object.insert("argument".to_owned(), json!(instruction.operation.argument));
        object.insert("meaning".to_owned(), json!(instruction.operation.meaning));
        object.insert("stack_depth".to_owned(), json!(instruction.operation.stack_depth));
    }
    if let (Some(frame), Some(object)) = (&event.frame, json.as_object_mut()) {
        object.insert("function".to_owned(), json!(frame.function));
        object.insert("parent_index".to_owned(), json!(frame.parent_index));
        object.insert("depth".to_owned(), json!(frame.depth));
    }
    json
}

/// The `repr`, the type, and the characters of the whole `repr` when it is cut.
fn value_json(value: Option<&Value>) -> (Option<String>, Option<&str>, Option<u64>) {
    let chars = match value {
        Some(Value::Text { full_chars, .. }) => *full_chars,
        _ => None,
    };
    (value.map(Value::repr), value.map(Value::type_name), chars)
}

//! `tracemill trace`: one call, or a whole program, traced in a sandboxed worker and drawn.

use std::io::Write as _;
use std::path::PathBuf;

use crate::cli::drawing::{Drawing, draw};
use crate::cli::terminal::{Style, output};
use crate::cli::{Exit, UsageError, interrupt, json, path_error, render};
use crate::config::{Overrides, load};
use crate::corpora::decode;
use crate::recording::{TraceRequest, trace_one};
use crate::workers::WorkerCommand;

const EXAMPLES: &str = "\
In a drawing, `x = 1` is a variable that got a value, `x ~ [1]` an object that changed in place, `»` printed text.
An instruction has its number, its name, what its argument means, and after `|` the value stack that it finds.
The file runs in the sandbox: it can neither read files nor reach a network, and imports only what the engine carries.
What the traced program does, also when it fails, is the result: the exit code is 0.

Examples:
  tracemill trace sorting.py --call 'bubble_sort([3, 1, 2])'
  tracemill trace sorting.py --call 'bubble_sort([3, 1, 2])' --iterators --granularity instruction
  tracemill trace program.py --stdin input.txt --set executions.limits.events_max=500
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
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    call: Option<String>,
    /// Print training text in one of the shipped formats instead of a drawing.
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    format: Option<String>,
    /// Print one JSON object an event, and a last one with `outcome`; an instruction has the whole `stack`.
    #[arg(long)]
    json: bool,
    /// File that the program reads as its standard input.
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// Granularity: lines, or instructions with the value stack; the configured one by default.
    #[arg(long, value_name = "WHAT")]
    granularity: Option<Granularity>,
    /// Show the position of each running loop; --json always includes it.
    #[arg(long, conflicts_with = "format")]
    iterators: bool,
    /// Set a key of the configuration, such as a limit.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// The values of `--granularity`.
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
    let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(path_error("read", path));
    let bytes = std::fs::read(&args.file).map_err(path_error("read", &args.file))?;
    let (source, _) = decode(&bytes)
        .map_err(|problem| anyhow::anyhow!("failed to read {} as Python: {problem}", args.file.display()))?;
    if args.call.as_ref().is_some_and(|call| call.trim().is_empty()) {
        return Err(UsageError("--call is empty; leave it out to trace the file as a program".to_owned()).into());
    }
    let stdin = args.stdin.as_ref().map(read).transpose()?.unwrap_or_default();
    let (call, setup) = (args.call, String::new());
    let (engine, sandbox) = (config.engine, config.sandbox);
    let request = TraceRequest { source, call, setup, stdin, subscription, limits, engine, sandbox };
    let cancel = interrupt::watch()?;
    let traced = match trace_one(&request, WorkerCommand::this_executable()?, &cancel) {
        Ok(traced) => traced,
        Err(error) => return interrupt::without_resume_hint(Err(error.into())),
    };

    let mut out = output();
    if let Some(format) = &args.format {
        out.write_all(render::render(&request, traced, format)?.as_bytes())?;
    } else if args.json {
        json::write(&traced, &mut out)?;
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

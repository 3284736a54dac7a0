//! `tracemill show`: one execution of a dataset, drawn.

use std::io::Write as _;
use std::path::PathBuf;

use crate::cli::damage_report::{self, with_advice};
use crate::cli::drawing::{Drawing, draw};
use crate::cli::stored_execution::find;
use crate::cli::terminal::{Colour, Style, output, printable};
use crate::cli::{Exit, UsageError};
use crate::dataset::Dataset;

const EXAMPLES: &str = "\
In a drawing, `x = 1` is a variable that got a value, `x ~ [1]` an object that changed in place, `»` printed text.

Examples:
  tracemill show 0 --data data
  tracemill show 5c1f09 --data data | less";

/// Draw one execution of a dataset.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Its execution_id, the beginning of it, or its execution_index.
    #[arg(value_name = "EXECUTION")]
    execution: String,
    /// The dataset.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Show the position of each running loop.
    #[arg(long)]
    iterators: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let dataset = Dataset::new(&args.data);
    if dataset.files("executions")?.is_empty() {
        return Err(UsageError(format!("{} holds no executions", args.data.display())).into());
    }
    damage_report::check_sizes(&dataset)?;
    let found = with_advice(find(&dataset, &args.execution), &args.data)?;
    let (execution, function, input) = (&found.execution, &found.function, &found.input);
    let style = Style::of_output();
    let mut out = output();
    let place = format!("{} · {}:{}", function.corpus, function.path, function.line_number);
    let facts = [
        format!("execution {} ({})", execution.execution_id, execution.execution_index),
        format!("{} {} · {}", function.kind, function.qualified_name, printable(&place)),
        format!("input from {} · {}", input.origin, execution.engine),
    ];
    for fact in facts {
        writeln!(out, "{}", style.paint(Colour::Dim, &fact))?;
    }
    for line in input.setup.lines() {
        writeln!(out, "       {}", printable(line))?;
    }
    let call = (!input.call.is_empty()).then_some(input.call.as_str());
    let drawing = Drawing {
        source: &function.source,
        call,
        events: &found.events,
        finished: &found.finished,
        iterators: args.iterators,
    };
    draw(&drawing, style, &mut out)?;
    out.flush()?;
    Ok(Exit::Done)
}

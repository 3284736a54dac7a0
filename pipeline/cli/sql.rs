//! `tracemill sql`: statements over a dataset's tables and the shipped views, from the command line, a file, standard
//! input, or a prompt.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Editor, Helper};
use tracemill_queries::session::stored_name;
use tracemill_schemas::TABLES;

use crate::cancel::Cancel;
use crate::cli::damage_report::{self, with_advice};
use crate::cli::output::{OutputFormat, Target, Writer};
use crate::cli::query_session::QuerySession;
use crate::cli::statements::{is_complete, split};
use crate::cli::terminal::{Style, output};
use crate::cli::text_table::TextTable;
use crate::cli::{Exit, UsageError, interrupt, library_views, path_error};
use crate::dataset::Dataset;
use crate::error::Error;

const EXAMPLES: &str = "\
Tables and views are listed by `tracemill schema`, and by \\d at the prompt. Without a query it reads statements from
standard input, or prompts on a terminal: a statement ends with `;`, Ctrl-C stops a query, \\q or Ctrl-D leaves.
While a run is writing the dataset, a line on standard error says which stages are complete.

Examples:
  tracemill sql 'SELECT outcome, count(*) FROM executions GROUP BY outcome'
  tracemill sql --data data --output csv 'SELECT * FROM stats' > stats.csv
  tracemill sql --file report.sql --output parquet --to report.parquet";

/// Query a dataset's tables and the shipped views.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Statements, separated by `;`.
    #[arg(conflicts_with = "file")]
    query: Option<String>,
    /// Read the statements from a file.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The dataset.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Form of the result.
    #[arg(long, value_enum, default_value = "table")]
    output: OutputFormat,
    /// Write the result to a file, which appears when it is whole.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let text = match (&args.query, &args.file) {
        (Some(query), _) => Some(query.clone()),
        (None, Some(file)) => Some(std::fs::read_to_string(file).map_err(path_error("read", file))?),
        (None, None) if std::io::stdin().is_terminal() => None,
        (None, None) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("failed to read standard input")?;
            Some(text)
        }
    };
    if args.output == OutputFormat::Parquet && args.to.is_none() {
        return Err(UsageError("--output parquet writes a file: add --to FILE".to_owned()).into());
    }
    let statements = text.as_deref().map(split);
    if let Some(statements) = &statements {
        if statements.is_empty() {
            return Err(UsageError("there is no statement to run".to_owned()).into());
        }
        if args.to.is_some() && statements.len() > 1 {
            let count = statements.len();
            return Err(UsageError(format!("--to takes the result of one statement; here are {count}")).into());
        }
    } else if args.to.is_some() {
        return Err(UsageError("--to needs a query".to_owned()).into());
    }
    let engine = open(&args.data)?;
    let cancel = interrupt::watch()?;
    let result = match statements {
        None => prompt(&engine, &args, &cancel),
        Some(statements) => {
            let (form, to) = (args.output, args.to.as_deref());
            let all = statements.into_iter().try_for_each(|text| execute(&engine, text, form, to, &cancel));
            interrupt::without_resume_hint(all.map(|()| Exit::Done))
        }
    };
    with_advice(result, &args.data)
}

/// A session over a dataset that must be there.
fn open(data: &Path) -> anyhow::Result<QuerySession> {
    let dataset = Dataset::new(data);
    let mut empty = true;
    for table in TABLES {
        empty &= dataset.files(table.name)?.is_empty();
    }
    if empty && !data.join("_run").is_dir() {
        let text = format!("{} is not a dataset: `tracemill run --out DIR` makes one, --data names it", data.display());
        return Err(UsageError(text).into());
    }
    damage_report::check_sizes(&dataset)?;
    with_advice(QuerySession::open(&dataset), data)
}

fn execute(
    engine: &QuerySession,
    statement: &str,
    form: OutputFormat,
    to: Option<&Path>,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let style = if to.is_some() { Style::default() } else { Style::of_output() };
    let mut writer = Writer::new(form, Target::open(to)?, style);
    engine.run(statement, cancel, &mut writer)?;
    writer.finish()
}

/// Reads and runs statements until the user leaves.
fn prompt(engine: &QuerySession, args: &Args, cancel: &Cancel) -> anyhow::Result<Exit> {
    let mut editor: Editor<Lines, FileHistory> = Editor::new().context("failed to open the prompt")?;
    editor.set_helper(Some(Lines));
    let history = history_file();
    if let Some(path) = &history {
        // A history that cannot be read is no reason not to query.
        let _ = editor.load_history(path);
    }
    println!("Statements end with `;`. \\d lists tables and views, \\d NAME its columns, \\q leaves.");
    loop {
        let text = match editor.readline("tracemill> ") {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(Exit::Done),
            Err(error) => return Err(error).context("failed to read from the terminal"),
        };
        if cancel.is_set() {
            return Ok(Exit::Interrupted);
        }
        if text.trim().is_empty() {
            continue;
        }
        let _ = editor.add_history_entry(text.trim());
        if let Some(path) = &history {
            let _ = editor.save_history(path);
        }
        let result = match text.trim().strip_prefix('\\') {
            Some("q") => return Ok(Exit::Done),
            Some(command) => describe(engine, command, cancel),
            None => {
                let mut all = split(&text).into_iter();
                all.try_for_each(|statement| execute(engine, statement, args.output, None, cancel))
            }
        };
        match with_advice(result, &args.data) {
            Ok(()) => {}
            Err(error) if matches!(error.downcast_ref(), Some(Error::Cancelled)) => eprintln!("stopped"),
            Err(error) => eprintln!("{}", super::message(&error)),
        }
        interrupt::clear(cancel);
    }
}

/// `\d` and `\d NAME`.
fn describe(engine: &QuerySession, command: &str, cancel: &Cancel) -> anyhow::Result<()> {
    let mut out = output();
    let style = Style::of_output();
    let plain = |names: [&str; 2]| names.map(|name| (name.to_owned(), false));
    match command.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["d"] => {
            let mut table = TextTable::new(plain(["name", "one row is"]), style);
            for entry in TABLES {
                table.push(vec![stored_name(entry), first_sentence(entry.row)], &mut out)?;
            }
            for view in library_views::views()? {
                table.push(vec![view.name, first_sentence(&view.row)], &mut out)?;
            }
            table.finish(&mut out)?;
        }
        ["d", name] => {
            let mut table = TextTable::new(plain(["column", "type"]), style);
            for (column, data_type) in engine.columns(name.trim_end_matches(';'), cancel)? {
                table.push(vec![column, data_type], &mut out)?;
            }
            table.finish(&mut out)?;
        }
        _ => writeln!(out, "\\d lists tables and views, \\d NAME its columns, \\q leaves")?,
    }
    Ok(out.flush()?)
}

/// The first sentence of a table's description, without its beginning.
fn first_sentence(row: &str) -> String {
    let sentence = row.trim().split(". ").next().unwrap_or_default().trim_end_matches('.');
    sentence.strip_prefix("One row is ").unwrap_or(sentence).to_owned()
}

/// Goes on to the next line until a statement is whole.
struct Lines;

impl Completer for Lines {
    type Candidate = String;
}

impl Highlighter for Lines {}

impl Hinter for Lines {
    type Hint = String;
}

impl Helper for Lines {}

impl Validator for Lines {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let whole = text.trim().is_empty() || text.trim_start().starts_with('\\') || is_complete(text);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// The prompt's history, in the user's state folder.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|folder| Path::new(folder).is_absolute());
    let folder = match state {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local/state"),
    }
    .join("tracemill");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

//! One traced call as training text, through the same tables and SQL as a mixture. Called by `trace --format`.

use anyhow::Context as _;
use datafusion::arrow::array::AsArray as _;
use futures::TryStreamExt as _;
use tracemill_queries::session::stored_name;
use tracemill_queries::{QueryKind, Session, SessionOptions, names};
use tracemill_schemas::changes::CHANGES;
use tracemill_schemas::events::EVENTS;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::FRAMES;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::instructions::INSTRUCTIONS;
use tracemill_schemas::{Builder as _, Row};

use crate::cli::UsageError;
use crate::config::nearest;
use crate::recording::{Recorded, TraceRequest, Traced, rows_of};

/// Memory for one execution's SQL.
const MEMORY_MIB: usize = 256;

/// The samples that a format makes of a traced execution, prompts and completions one after the other.
pub(super) fn render(request: &TraceRequest, traced: Traced, format: &str) -> anyhow::Result<String> {
    if !names(QueryKind::Format).contains(&format) {
        let hint = nearest(format, names(QueryKind::Format).into_iter());
        let all = || format!("; there are {}", names(QueryKind::Format).join(", "));
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_else(all);
        return Err(UsageError(format!("there is no format `{format}`{hint}")).into());
    }
    let function = FunctionsRow {
        function_id: "f".to_owned(),
        kind: if request.call.is_some() { "function" } else { "program" }.to_owned(),
        source: request.source.clone(),
        ..FunctionsRow::default()
    };
    let input = InputsRow {
        input_id: "i".to_owned(),
        function_id: function.function_id.clone(),
        setup: request.setup.clone(),
        call: request.call.clone().unwrap_or_default(),
        stdin: request.stdin.clone(),
        ..InputsRow::default()
    };
    let Recorded { execution, frames, instructions, events, changes } = rows_of(&function, &input, request, traced)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("failed to start the query engine")?;
    runtime.block_on(async {
        let session = Session::new(&SessionOptions { memory_mib: MEMORY_MIB, partitions: 1, temp_dir: None })?;
        register::<FunctionsRow>(&session, &[function]).await?;
        register::<InputsRow>(&session, &[input]).await?;
        register::<ExecutionsRow>(&session, &[execution]).await?;
        for (table, batch) in [(&FRAMES, frames), (&INSTRUCTIONS, instructions), (&EVENTS, events), (&CHANGES, changes)]
        {
            session.register_rows(&stored_name(table), table.schema(), vec![batch]).await?;
        }
        let chosen = session.sql("SELECT execution_index FROM executions").await?;
        let schema = std::sync::Arc::clone(chosen.schema().inner());
        let batches = chosen.collect().await?;
        session.register_rows("chosen", schema, batches).await?;
        let mut stream = session.named(QueryKind::Format, format, &[]).await?.execute_stream().await?;
        let mut text = String::new();
        while let Some(batch) = stream.try_next().await? {
            let column = |name: &str| batch.column_by_name(name).context("a format without its columns");
            let (prompts, completions) =
                (column("prompt")?.as_string::<i32>(), column("completion")?.as_string::<i32>());
            for (prompt, completion) in prompts.iter().zip(completions) {
                for part in [prompt, completion] {
                    text.push_str(part.unwrap_or_default());
                    if !text.ends_with('\n') {
                        text.push('\n');
                    }
                }
                text.push('\n');
            }
        }
        Ok(text)
    })
}

async fn register<R: Row>(session: &Session, rows: &[R]) -> anyhow::Result<()>
where
    R::Builder: tracemill_schemas::Builder<Row = R>,
{
    let mut builder = R::Builder::default();
    rows.iter().for_each(|row| builder.push(row));
    session.register_rows(&stored_name(R::table()), R::table().schema(), vec![builder.finish()]).await?;
    Ok(())
}

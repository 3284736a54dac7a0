//! Makes one part: registers its files, runs the mixture and the formats, writes the samples and counts the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::prelude::{cast, col};
use tracemill_queries::{QueryKind, ScalarValue, Session};
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::mixtures::MixturesRow;
use tracemill_schemas::table_named;

use crate::dataset::{Count, PartOutput, Severity, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::mixtures::OPTIONAL;
use crate::mixtures::plan::Plan;
use crate::mixtures::samples::Samples;
use crate::split::Split;
use crate::sql;
use crate::stage::{Context, Counts};
use crate::stages::MIXTURES;

/// The columns that a sample copies from its execution and unit.
struct Source {
    execution_id: String,
    function_id: String,
    corpus: String,
    licence: Option<String>,
    split: Split,
}

/// Makes the part of that key.
pub(super) async fn part(cx: &Context, plan: &Plan, key: &str, output: &mut PartOutput) -> Result<Vec<Count>> {
    let (session, spill) = sql::session(cx)?;
    for name in MIXTURES.reads.iter().copied() {
        let table = table_named(name).ok_or_else(|| Error::Internal(format!("there is no table {name}")))?;
        let mut files = vec![cx.dataset.part(name, key)];
        files.retain(|file| name != OPTIONAL || file.is_file());
        session.register_table(table, &files).map_err(sql::failed(name))?;
    }
    let seed = cx.config.seed.cast_signed();
    let params = [
        ("seed", ScalarValue::from(seed)),
        ("events_max", ScalarValue::from(number(cx.config.mixtures.events_max))),
        ("sample_chars_max", ScalarValue::from(number(cx.config.mixtures.sample_chars_max))),
    ];
    session.register_library().await.map_err(sql::failed("views"))?;
    session.register_filters(&params).await.map_err(sql::failed("filters"))?;
    register_shares(&session, plan).await?;

    let sources = sources(cx, key)?;
    let chosen = choose(&session, plan, &params, &sources).await?;
    let mut counts = Counts::default();
    let counted = count_executions(&session, &chosen, &params, &mut counts).await?;
    if counted != sources.len() {
        let there = sources.len();
        return Err(Error::Internal(format!("part {key}: {counted} of {there} executions have a verdict")));
    }

    let mut formats = Vec::new();
    for format in &plan.formats {
        cx.cancel.check()?;
        let Some(executions) = chosen.get(&format.query.name) else { continue };
        register_chosen(&session, executions).await?;
        let samples = Samples::render(&session, format, &params, spill.path(), &cx.cancel).await?;
        formats.push((format, executions, samples));
    }

    let mut writer = output.table::<MixturesRow>()?;
    let mut last: Option<(i64, usize, i64)> = None;
    let mut rendered: BTreeSet<(i64, usize)> = BTreeSet::new();
    loop {
        // The formats are in order of names, so the first of the least is the next in order.
        let mut least: Option<(i64, usize)> = None;
        for (place, (_, _, samples)) in formats.iter_mut().enumerate() {
            if let Some(index) = samples.peek()?
                && least.is_none_or(|(execution, _)| index < execution)
            {
                least = Some((index, place));
            }
        }
        let Some((execution_index, place)) = least else { break };
        let (format, executions, samples) = &mut formats[place];
        let Some(sample) = samples.take() else { break };
        let name = &format.query.name;
        let this = (execution_index, place, sample.sample_index);
        if last == Some(this) {
            return Err(Error::Config(format!("the format {name} gives sample {} twice", sample.sample_index)));
        }
        last = Some(this);
        rendered.insert((execution_index, place));
        let Some(source) = sources.get(&execution_index).filter(|_| executions.contains(&execution_index)) else {
            return Err(Error::Config(format!(
                "the format {name} gives execution {execution_index}, which was not chosen"
            )));
        };
        let Some(completion) = sample.completion else {
            counts.add("samples", "too_long", Severity::Info);
            continue;
        };
        let chars = sample.prompt.chars().count() + completion.chars().count();
        if chars as u64 > cx.config.mixtures.sample_chars_max {
            counts.add("samples", "too_long", Severity::Info);
            continue;
        }
        let (version, index) = (format.version.to_le_bytes(), sample.sample_index.to_le_bytes());
        let sample_id = hash::id(&[source.execution_id.as_bytes(), name.as_bytes(), &version, &index]);
        let sample_index = i32::try_from(sample.sample_index)
            .map_err(|_| Error::Config(format!("the format {name} numbers a sample {}", sample.sample_index)))?;
        writer.push(&MixturesRow {
            shuffle_key: tracemill_queries::shash(&sample_id, seed),
            sample_id,
            execution_id: source.execution_id.clone(),
            execution_index,
            function_id: source.function_id.clone(),
            corpus: source.corpus.clone(),
            licence: source.licence.clone(),
            format: name.clone(),
            format_version: format.version,
            sample_index,
            split: source.split.name().to_owned(),
            prompt: sample.prompt,
            completion,
        })?;
        counts.add("samples", name.clone(), Severity::Kept);
    }
    output.close(writer)?;
    // An execution in a format is a rendering; a format may find nothing to show, such as one without lines.
    let asked = formats.iter().map(|(_, executions, _)| executions.len() as u64).sum::<u64>();
    let made = rendered.len() as u64;
    counts.add_many("renderings", "rendered", Severity::Kept, made);
    counts.add_many("renderings", "nothing_to_show", Severity::Info, asked.saturating_sub(made));
    Ok(counts.into_vec())
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The part's executions, by number.
fn sources(cx: &Context, key: &str) -> Result<BTreeMap<i64, Source>> {
    let mut licences = BTreeMap::new();
    for rows in read_rows::<FunctionsRow>(&cx.dataset.part("functions", key))? {
        licences.extend(rows?.into_iter().map(|row| (row.function_id, row.licence)));
    }
    let mut sources = BTreeMap::new();
    for rows in read_rows::<ExecutionsRow>(&cx.dataset.part("executions", key))? {
        for row in rows? {
            let split = Split::for_function(&row.function_id, &cx.config);
            let licence = licences.get(&row.function_id).cloned().flatten();
            let ExecutionsRow { execution_id, execution_index, function_id, corpus, .. } = row;
            sources.insert(execution_index, Source { execution_id, function_id, corpus, licence, split });
        }
    }
    Ok(sources)
}

/// Registers `shares`: the configured share of each format.
async fn register_shares(session: &Session, plan: &Plan) -> Result<()> {
    let names: StringArray = plan.formats.iter().map(|format| Some(format.query.name.as_str())).collect();
    let shares: Float64Array = plan.formats.iter().map(|format| Some(format.share)).collect();
    let fields = vec![Field::new("format", DataType::Utf8, false), Field::new("share", DataType::Float64, false)];
    register(session, "shares", fields, vec![Arc::new(names), Arc::new(shares)]).await
}

/// Registers `chosen`: the executions that the next format renders.
async fn register_chosen(session: &Session, executions: &BTreeSet<i64>) -> Result<()> {
    let indexes = Int64Array::from_iter_values(executions.iter().copied());
    let fields = vec![Field::new("execution_index", DataType::Int64, false)];
    register(session, "chosen", fields, vec![Arc::new(indexes)]).await
}

async fn register(session: &Session, name: &str, fields: Vec<Field>, columns: Vec<ArrayRef>) -> Result<()> {
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(sql::failed(name))?;
    session.register_rows(name, schema, vec![batch]).await.map_err(sql::failed(name))
}

/// Runs the mixture: the executions of each format.
async fn choose(
    session: &Session,
    plan: &Plan,
    params: &[(&str, ScalarValue)],
    sources: &BTreeMap<i64, Source>,
) -> Result<BTreeMap<String, BTreeSet<i64>>> {
    let name = &plan.mixture.path;
    let frame = session.query(&plan.mixture, params).await.map_err(sql::failed(name))?;
    let columns = vec![cast(col("execution_index"), DataType::Int64), cast(col("format"), DataType::Utf8)];
    let batches = frame.select(columns).map_err(sql::failed(name))?.collect().await.map_err(sql::failed(name))?;
    let mut chosen: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for batch in batches {
        let (executions, formats) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
        for (execution, format) in executions.iter().zip(formats) {
            let (Some(execution), Some(format)) = (execution, format) else {
                return Err(Error::Config(format!("the mixture {name} gives a null")));
            };
            if !sources.contains_key(&execution) {
                return Err(Error::Config(format!(
                    "the mixture {name} gives execution {execution}, which is not there"
                )));
            }
            if !plan.formats.iter().any(|known| known.query.name == format) {
                return Err(Error::Config(format!(
                    "the mixture {name} gives the format `{format}`, which has no share"
                )));
            }
            chosen.entry(format.to_owned()).or_default().insert(execution);
        }
    }
    Ok(chosen)
}

/// Counts the verdict on every execution of the part; returns their number.
async fn count_executions(
    session: &Session,
    chosen: &BTreeMap<String, BTreeSet<i64>>,
    params: &[(&str, ScalarValue)],
    counts: &mut Counts,
) -> Result<usize> {
    let name = "filters/_verdicts.sql";
    let frame = session.named(QueryKind::Filter, "_verdicts", params).await.map_err(sql::failed(name))?;
    let mut counted = 0;
    let chosen: BTreeSet<i64> = chosen.values().flatten().copied().collect();
    for batch in frame.collect().await.map_err(sql::failed(name))? {
        let (executions, verdicts) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
        for (execution, verdict) in executions.iter().zip(verdicts) {
            counted += 1;
            match verdict.unwrap_or_default() {
                _ if execution.is_some_and(|execution| chosen.contains(&execution)) => {
                    counts.add("executions", "chosen", Severity::Kept);
                }
                "usable" => counts.add("executions", "not_sampled", Severity::Info),
                verdict => counts.add("executions", verdict, Severity::Info),
            }
        }
    }
    Ok(counted)
}

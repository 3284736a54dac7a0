//! A DataFusion session with our settings, tables, functions and views. Called by the mixtures and shards stages and
//! by the command line.
//!
//! ```text
//! let session = Session::new(&SessionOptions { .. })?;
//! for table in TABLES { session.register_table(table, &files)?; }
//! session.register_library().await?;
//! let frame = session.sql("SELECT kind, count(*) FROM events GROUP BY kind").await?;
//! ```

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use tracemill_schemas::Table;

use crate::error::{Error, Result};
use crate::functions;
use crate::library::{LIBRARY, Query, QueryKind, UserQuery, named};
use crate::listing;

/// Memory that one partition needs, in mebibytes: a format's plan holds several sorts and joins at once, and where a
/// batch does not fit a sort's fair share, the query fails instead of going on. Measured with `dynamic_line_n`.
const PARTITION_MIB: usize = 256;

/// How a session runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOptions {
    /// Memory that queries may use before they spill, in mebibytes.
    pub memory_mib: usize,
    /// Partitions that a query is cut into; fewer are used where the memory is not enough for them.
    pub partitions: usize,
    /// Folder for what is spilled; the system's own when `None`.
    pub temp_dir: Option<PathBuf>,
}

/// A session. Cheap to clone; clones share tables.
#[derive(Clone)]
pub struct Session {
    context: SessionContext,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.context.session_id()).finish()
    }
}

impl Session {
    /// A session without tables, with our functions.
    ///
    /// # Errors
    /// The engine cannot be set up.
    pub fn new(options: &SessionOptions) -> Result<Session> {
        let memory_mib = options.memory_mib.max(1);
        let partitions = options.partitions.clamp(1, (memory_mib / PARTITION_MIB).max(1));
        // A plan holds several sorts at once; together their reserves must leave most of the memory to use.
        let reserve = ((memory_mib << 20) / partitions / 64).clamp(1 << 20, 10 << 20);
        let config = SessionConfig::new()
            .with_target_partitions(partitions)
            // Rows of samples and sources are kilobytes each: batches of the usual 8,192 would not fit small pools.
            .with_batch_size(1_024)
            .with_information_schema(true)
            .with_sort_spill_reservation_bytes(reserve)
            // It moves field accesses below filters and evaluates what they access again for each.
            .set_bool("datafusion.optimizer.enable_leaf_expression_pushdown", false)
            // Strings are `Utf8` everywhere, as the tables declare.
            .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
            // A footer read for every file of a table at planning costs more than a better join order gains.
            .set_bool("datafusion.execution.collect_statistics", false);
        let mut runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(memory_mib << 20)));
        if let Some(folder) = &options.temp_dir {
            runtime = runtime.with_temp_file_path(folder);
        }
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime.build_arc().map_err(Error::engine)?)
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        functions::register(&context);
        Ok(Session { context })
    }

    /// DataFusion's own context, for what this type does not offer.
    #[must_use]
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Registers a stored table over exactly these files, which may be none. Where a view of the library has the
    /// table's name, the table becomes `stored_NAME`.
    ///
    /// # Errors
    /// A path cannot be named to the engine.
    pub fn register_table(&self, table: &'static Table, files: &[PathBuf]) -> Result<()> {
        let provider = listing::table(table, files)?;
        self.replace(&stored_name(table), provider)
    }

    /// Registers rows that are in memory, and again every view that reads them.
    ///
    /// # Errors
    /// A batch is not of the schema, or a view cannot be planned.
    pub async fn register_rows(&self, name: &str, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<()> {
        let provider = MemTable::try_new(schema, vec![batches]).map_err(Error::table(name))?;
        self.replace(name, Arc::new(provider))?;
        let mut stale = BTreeSet::from([name.to_owned()]);
        // The list of views is short and not deep: as many rounds as there are views reach all that depend on it.
        for query in LIBRARY.iter().filter(|query| query.kind == QueryKind::View).cycle().take(LIBRARY.len() * 4) {
            if !stale.contains(query.name) && query.header()?.reads.iter().any(|read| stale.contains(read)) {
                stale.insert(query.name.to_owned());
                self.context.deregister_table(query.name).map_err(Error::table(query.name))?;
            }
        }
        self.register_library().await
    }

    /// Registers every view whose tables are registered and which is not registered itself. Views over tables that
    /// are missing are left out; call it again once they are there.
    ///
    /// # Errors
    /// A view cannot be planned.
    pub async fn register_library(&self) -> Result<()> {
        loop {
            let mut added = false;
            for query in LIBRARY.iter().filter(|query| query.kind == QueryKind::View) {
                if self.has(query.name) || !query.header()?.reads.iter().all(|read| self.has(read)) {
                    continue;
                }
                self.register_query(query.name, &query.into(), &[]).await?;
                added = true;
            }
            if !added {
                return Ok(());
            }
        }
    }

    /// Registers a query with its parameters bound as a view.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn register_query(&self, name: &str, query: &UserQuery, params: &[(&str, ScalarValue)]) -> Result<()> {
        let frame = self.query(query, params).await?;
        self.replace(name, frame.into_view())
    }

    /// Registers the filters of the library, so that mixtures can read them.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn register_filters(&self, params: &[(&str, ScalarValue)]) -> Result<()> {
        for query in LIBRARY.iter().filter(|query| query.kind == QueryKind::Filter) {
            self.register_query(query.name, &query.into(), params).await?;
        }
        Ok(())
    }

    /// Plans a query. `params` may hold more than the query has; those without a value take their default.
    ///
    /// # Errors
    /// It is not SQL, names what does not exist, or has a parameter with neither value nor default.
    pub async fn query(&self, query: &UserQuery, params: &[(&str, ScalarValue)]) -> Result<DataFrame> {
        let wanted = query.header()?.params;
        let frame = self.context.sql(&query.sql).await.map_err(Error::query(&query.path))?;
        if wanted.is_empty() {
            return Ok(frame);
        }
        let mut values = Vec::with_capacity(wanted.len());
        for param in wanted {
            let given = params.iter().find(|(name, _)| *name == param.name).map(|(_, value)| value.clone());
            let Some(value) = given.or(param.default) else {
                let problem = "has neither a value nor a default";
                return Err(Error::Param { name: query.path.clone(), param: param.name, problem });
            };
            let value = value.cast_to(&param.data_type).map_err(Error::query(&query.path))?;
            values.push((param.name, value));
        }
        frame.with_param_values(values).map_err(Error::query(&query.path))
    }

    /// Plans a file of the library by kind and name.
    ///
    /// # Errors
    /// There is none, or as [`Session::query`].
    pub async fn named(&self, kind: QueryKind, name: &str, params: &[(&str, ScalarValue)]) -> Result<DataFrame> {
        let Some(query) = named(kind, name) else {
            let problem = "the library has no such file".to_owned();
            return Err(Error::Header { name: format!("{}/{name}.sql", kind.folder()), line: 0, problem });
        };
        self.query(&query.into(), params).await
    }

    /// Plans a statement.
    ///
    /// # Errors
    /// It is not SQL, or names what does not exist.
    pub async fn sql(&self, sql: &str) -> Result<DataFrame> {
        self.context.sql(sql).await.map_err(Error::query("the statement"))
    }

    /// Plans a statement and starts it: batches come as they are ready, in the order that the statement asks for.
    ///
    /// # Errors
    /// As [`Session::sql`], or it cannot be started.
    pub async fn stream(&self, sql: &str) -> Result<SendableRecordBatchStream> {
        self.sql(sql).await?.execute_stream().await.map_err(Error::query("the statement"))
    }

    /// Whether a table or view of that name is registered.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.context.table_exist(name).unwrap_or(false)
    }

    fn replace(&self, name: &str, provider: Arc<dyn datafusion::catalog::TableProvider>) -> Result<()> {
        self.context.deregister_table(name).map_err(Error::table(name))?;
        self.context.register_table(name, provider).map_err(Error::table(name))?;
        Ok(())
    }
}

/// The name under which a stored table is registered.
#[must_use]
pub fn stored_name(table: &Table) -> String {
    match named(QueryKind::View, table.name) {
        Some(Query { .. }) => format!("stored_{}", table.name),
        None => table.name.to_owned(),
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

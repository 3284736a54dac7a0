//! Extracts the units of one file: parses it, finds definitions, adds the statements that each needs, describes each.
//! Runs on the threads of the stage.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ruff_python_ast::Stmt;
use ruff_source_file::LineIndex;
use ruff_text_size::TextSize;
use tracemill_schemas::UnitSlice;
use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::usages::UsagesRow;

use crate::config::FunctionsConfig;
use crate::dataset::Severity;
use crate::functions::blocks::Blocks;
use crate::functions::features::{self, Features};
use crate::functions::slices::{self, ModuleCode, NoSlices, Project, SlicedUnit, UnitBlock};
use crate::functions::units::Unit;
use crate::functions::usages::{self, Usage};
use crate::functions::{programs, test_usages, units};
use crate::python::signature;
use crate::{hash, python};

/// The units and usages of a file.
#[derive(Debug, Default)]
pub(super) struct Extracted {
    /// The file's repository, for `origins`.
    pub(super) repository: Option<String>,
    /// The units.
    pub(super) functions: Vec<FunctionsRow>,
    /// Usages of definitions in other files, where the file holds tests.
    pub(super) usages: Vec<UsagesRow>,
    /// Counts for `stats`: unit, reason, severity.
    pub(super) counts: Vec<(&'static str, &'static str, Severity)>,
}

/// Extracts the units of a row of `corpora`; none of a file without text, which is counted there.
///
/// `modules` are those of the file's corpus; `None` where the corpus is a benchmark.
pub(super) fn extract(file: CorporaRow, config: &FunctionsConfig, modules: Option<&dyn Project>) -> Extracted {
    let Some(source) = file.content.as_deref() else { return Extracted::default() };
    // A bug of ours in one file must not take the run with it; it is counted as a loss.
    let mut extracted = catch_unwind(AssertUnwindSafe(|| extract_source(source, &file, config, modules)))
        .unwrap_or_else(|_| {
            let counts = vec![("files", "extractor_panicked", Severity::DataLoss)];
            Extracted { counts, ..Extracted::default() }
        });
    extracted.repository = file.repository;
    extracted
}

fn extract_source(
    source: &str,
    file: &CorporaRow,
    config: &FunctionsConfig,
    modules: Option<&dyn Project>,
) -> Extracted {
    let mut extracted = Extracted::default();
    let Ok(parsed) = ruff_python_parser::parse_module(source) else {
        extracted.counts.push(("files", "unparsable", Severity::Failure));
        return extracted;
    };
    let blocks = Blocks::read(parsed.suite());
    let own_module = modules.and_then(|modules| {
        let (name, is_package) = modules.named(&file.path)?;
        let code = ModuleCode::read(&file.path, name, is_package, source, &blocks);
        Some(OwnModule { modules, code: Arc::new(code) })
    });
    let lines = LineIndex::from_source_text(source);
    let maker = Maker { source, file, config, blocks: &blocks, lines, own_module, not_cut: RefCell::default() };
    let mut made: Vec<Option<FunctionsRow>> = Vec::new();
    if let Some(entry_point) = &file.entry_point {
        match maker.benchmark(entry_point) {
            Some(row) => made.push(row),
            None => extracted.counts.push(("functions", "entry_point_missing", Severity::Failure)),
        }
    } else {
        let found = units::units_in(&blocks);
        extracted.counts.extend(found.not_callable.iter().map(|reason| ("functions", *reason, Severity::Info)));
        let usages = usages::usages_in(source, &blocks);
        if test_usages::is_test(&file.path) {
            extracted.usages = test_usages::rows_of(source, parsed.suite(), &blocks, file, &maker.lines);
        }
        made.extend(found.units.iter().map(|unit| maker.row(unit, &BTreeSet::new(), &usages)));
        if programs::reads_standard_input(&blocks) {
            made.push(maker.program(parsed.suite()));
        }
    }
    let long = made.iter().filter(|row| row.is_none()).count();
    extracted.counts.extend(std::iter::repeat_n(("functions", "too_long", Severity::Failure), long));
    extracted.functions = made.into_iter().flatten().collect();
    let not_cut = maker.not_cut.take().into_iter();
    // A unit of its own: these functions are kept all the same, and `functions` adds up to what came in.
    extracted.counts.extend(not_cut.map(|reason| ("cuts", reason.name(), Severity::Info)));
    let cut = extracted.functions.iter().filter(|row| row.linkage == "files").count();
    extracted.counts.extend(std::iter::repeat_n(("cuts", "cut", Severity::Kept), cut));
    extracted.counts.push(match extracted.functions.len() {
        0 => ("files", "without_functions", Severity::Info),
        _ => ("files", "with_functions", Severity::Kept),
    });
    extracted
}

struct Maker<'f, 'a> {
    source: &'a str,
    file: &'f CorporaRow,
    config: &'f FunctionsConfig,
    blocks: &'f Blocks<'a>,
    lines: LineIndex,
    /// `None` where no import can name the file's module.
    own_module: Option<OwnModule<'f>>,
    /// Why units that need other modules could not be cut into slices, one a unit.
    not_cut: RefCell<Vec<NoSlices>>,
}

/// The module of the file, among those of its corpus.
struct OwnModule<'f> {
    modules: &'f dyn Project,
    code: Arc<ModuleCode>,
}

/// The source of a unit, and what follows from how it was put together.
struct UnitSource {
    text: String,
    /// The line of the `def` in the text.
    unit_line: usize,
    /// The names that the unit's own module binds.
    bound: BTreeSet<String>,
    imports: BTreeSet<String>,
    linkage: &'static str,
    slices: Vec<UnitSlice>,
}

impl<'a> Maker<'_, 'a> {
    /// The unit of a benchmark's entry point: the last definition of that name, with the definitions that its tests
    /// need. `None` where there is none, `Some(None)` where it is too long.
    fn benchmark(&self, entry_point: &str) -> Option<Option<FunctionsRow>> {
        let found = units::units_in(self.blocks);
        let is_entry = |unit: &&Unit<'_>| match unit.class {
            None => unit.function.name.as_str() == entry_point,
            Some(class) => class.name.as_str() == entry_point && unit.kind == "constructor",
        };
        let unit = found.units.iter().rev().find(is_entry)?;
        let tests = self.file.tests.as_deref().and_then(python::parse);
        let names = tests.as_ref().map(|tests| python::names::names_in(tests.suite()).loads).unwrap_or_default();
        let row = self.row(unit, &names, &[]);
        Some(row.map(|row| FunctionsRow { tests: self.file.tests.clone(), ..row }))
    }

    /// The row of a unit; `None` where it is too long. `more` are names that it needs besides.
    fn row(&self, unit: &Unit<'a>, more: &BTreeSet<&str>, usages: &[Usage<'a>]) -> Option<FunctionsRow> {
        let UnitSource { text, unit_line, bound, imports, linkage, slices } = self.unit_source(unit, more)?;
        let bound: BTreeSet<&str> = bound.iter().map(String::as_str).collect();
        let function = unit.function;
        let class = unit.class.map(|class| class.name.to_string());
        let is_bound = unit.class.is_some() && (unit.kind != "staticmethod" || function.name.as_str() == "__new__");
        let first = self.line(function.name.range.start());
        let last = self.line(function.range.end());
        let own = FunctionsRow {
            kind: unit.kind.to_owned(),
            qualified_name: unit.qualified_name(),
            line_number: number(first),
            unit_line_number: number(unit_line),
            parameters: signature::parameters(self.source, function, is_bound),
            returns: function.returns.as_deref().map(|returns| signature::text(self.source, returns)),
            line_count: number(last - first + 1),
            is_async: function.is_async,
            decorators: signature::decorators(self.source, function),
            imports: imports.into_iter().collect(),
            linkage: linkage.to_owned(),
            slices,
            usages: usages::usages_of_unit(usages, unit, &bound),
            docstring: docstring(unit),
            ..FunctionsRow::default()
        };
        let features = features::features_of(&function.body, function.name.as_str(), class.as_deref());
        Some(self.finish(FunctionsRow { class_name: class, source: text, ..own }, &features))
    }

    /// The unit's source where it needs its own file alone; `None` where it is too long.
    fn in_own_file(&self, unit: &Unit<'a>, more: &BTreeSet<&str>) -> Option<UnitSource> {
        let needed = self.blocks.needed(unit.block, unit.top_name(), more);
        let length: usize = needed.iter().map(|&index| self.blocks.all[index].range.len().to_usize() + 1).sum();
        if length > self.config.source_bytes_max {
            return None;
        }
        let mut text = String::new();
        let mut unit_line = 1;
        for &index in &needed {
            let range = self.blocks.all[index].range;
            let (start, end) = (range.start().to_usize(), range.end().to_usize());
            if !text.is_empty() {
                text.push('\n');
            }
            if index == unit.block {
                unit_line = newlines(&text) + self.lines_before_name(unit) + 1;
            }
            text.push_str(&self.source[start..end]);
        }
        let bound = self.blocks.bound(needed.iter().copied()).map(str::to_owned).collect();
        let imports = features::imports(needed.iter().map(|&index| self.blocks.all[index].statement));
        Some(UnitSource { text, unit_line, bound, imports, linkage: "file", slices: Vec::new() })
    }

    /// The unit's source; `None` where it is too long. Methods of classes that nothing reaches are dropped only where it
    /// would be too long with them.
    fn unit_source(&self, unit: &Unit<'a>, more: &BTreeSet<&str>) -> Option<UnitSource> {
        let reason = match self.cut(unit, false) {
            Ok(Some(sliced)) => return Some(sliced),
            Ok(None) => None,
            Err(reason) => Some(reason),
        };
        let in_own_file = self.in_own_file(unit, more);
        if reason.is_none() && in_own_file.is_some() {
            return in_own_file;
        }
        if let Ok(Some(shorter)) = self.cut(unit, true) {
            return Some(shorter);
        }
        self.not_cut.borrow_mut().extend(reason);
        in_own_file
    }

    /// The unit's source where it needs other modules of its corpus, or its own without some methods; `None` where it needs
    /// its own module as it is.
    fn cut(&self, unit: &Unit<'a>, drops_methods: bool) -> Result<Option<UnitSource>, NoSlices> {
        let Some(OwnModule { modules, code }) = &self.own_module else { return Ok(None) };
        let top_name = unit.top_name();
        let name = &unit.function.name;
        let sliced = slices::slice(
            *modules,
            code,
            &UnitBlock {
                block: unit.block,
                top_name,
                may_rebind: &|block| self.blocks.may_rebind(block, unit.block, top_name),
                name: name.as_str(),
                name_at: name.range.start().to_usize(),
                bytes_max: self.config.source_bytes_max,
                drops_methods,
            },
        )?;
        Ok(sliced.map(|SlicedUnit { source, slices, unit_line, bound, imports }| {
            let linkage = if slices.is_empty() { "file" } else { "files" };
            UnitSource { text: source, unit_line, bound, imports, linkage, slices }
        }))
    }

    /// Lines between the beginning of the unit's block and its name.
    fn lines_before_name(&self, unit: &Unit<'a>) -> usize {
        let start = self.blocks.all[unit.block].range.start().to_usize();
        newlines(&self.source[start..unit.function.name.range.start().to_usize()])
    }

    /// The row of the file as a program; `None` where it is too long.
    fn program(&self, body: &'a [Stmt]) -> Option<FunctionsRow> {
        if self.source.len() > self.config.source_bytes_max {
            return None;
        }
        let name = self.file.path.rsplit('/').next().unwrap_or_default();
        let own = FunctionsRow {
            kind: "program".to_owned(),
            qualified_name: name.strip_suffix(".py").unwrap_or(name).to_owned(),
            line_number: 1,
            unit_line_number: 1,
            source: self.source.to_owned(),
            line_count: number(self.source.lines().count()),
            imports: features::imports(body.iter()).into_iter().collect(),
            linkage: "file".to_owned(),
            docstring: first_string(body),
            ..FunctionsRow::default()
        };
        let features = features::features_of(body, "", None);
        Some(self.finish(own, &features))
    }

    fn line(&self, offset: TextSize) -> usize {
        self.lines.line_index(offset).get()
    }

    fn finish(&self, own: FunctionsRow, features: &Features) -> FunctionsRow {
        FunctionsRow {
            function_id: hash::id(&[own.kind.as_bytes(), own.qualified_name.as_bytes(), own.source.as_bytes()]),
            file_id: self.file.file_id.clone(),
            corpus: self.file.corpus.clone(),
            path: self.file.path.clone(),
            licence: self.file.licence.clone(),
            loop_count: features.loop_count,
            loop_depth: features.loop_depth,
            branch_count: features.branch_count,
            is_recursive: features.is_recursive,
            is_generator: features.is_generator,
            has_exceptions: features.has_exceptions,
            has_closures: features.has_closures,
            ..own
        }
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The docstring with the unit's examples: its own, or that of its class where only that one has examples.
fn docstring(unit: &Unit<'_>) -> Option<String> {
    let own = first_string(&unit.function.body);
    let has_examples = |text: &String| text.contains(">>>");
    let of_class = unit.class.and_then(|class| first_string(&class.body)).filter(has_examples);
    match own {
        Some(own) if has_examples(&own) || of_class.is_none() => Some(own),
        _ => of_class,
    }
}

fn first_string(body: &[Stmt]) -> Option<String> {
    match body.first()? {
        Stmt::Expr(expression) => Some(expression.value.as_string_literal_expr()?.value.to_str().to_owned()),
        _ => None,
    }
}

//! Compiles the pieces of a job and instruments them. Keeps what was compiled last: jobs of one unit have the same source,
//! and often the same set-up. Called by `unit` and `job`.

use std::{
    collections::{BTreeSet, VecDeque},
    rc::Rc,
};

use rustpython_vm::{
    PyRef, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode},
    compiler::{self, Mode},
    vm::VmCompileError,
};
use tracemill_trace::{Job, JobKind, Point, Slice};

use super::{
    detail::{Detail, SourceTraits},
    instrument::instrument,
};
use crate::engines::rustpython::{
    analysis::{
        imports::collect_imported_names,
        object_lifetime::{Lifetimes, observable_lifetimes},
        source_labels::labels_in,
        text_scan::WordSet,
    },
    job_state::JobModule,
    runtime::{code_origin, labels::LabelSet},
};

/// Words with which a source can reach the dictionary of a module, whose items are the module's globals.
const GLOBALS: WordSet<5> = WordSet::new(["globals", "__dict__", "vars", "locals", "modules"]);

/// Compiles and instruments a piece of a job. The code makes the same events however often it has run.
pub(crate) fn compile(
    source: &str,
    mode: Mode,
    path: &str,
    detail: Detail,
    vm: &VirtualMachine,
) -> Result<PyRef<PyCode>, PyBaseExceptionRef> {
    compile_with_points(source, mode, path, detail, false, &mut Vec::new(), vm)
}

/// Compiles and instruments a source. Adds the points of coverage too; there are none unless `detail` is `Cover`.
/// Where the source `is_called`, a call of one of its functions is recorded, and its own statements are only counted.
pub(crate) fn compile_with_points(
    source: &str,
    mode: Mode,
    path: &str,
    detail: Detail,
    is_called: bool,
    points: &mut Vec<Point>,
    vm: &VirtualMachine,
) -> Result<PyRef<PyCode>, PyBaseExceptionRef> {
    // The interpreter's own function first looks for warnings, with another scan and parse. No one sees warnings here.
    let code = compiler::compile(source, mode, path, vm.compile_opts())
        .map_err(|error| VmCompileError::from(error).into_pyexception(vm, Some(source)))?;
    let code = PyCode::new_ref_from_bytecode(vm, code);
    let lifetimes = observable_lifetimes(&code);
    let detail = match detail {
        Detail::Instructions { each } => Detail::Instructions { each: each || lifetimes == Lifetimes::Observable },
        detail => detail,
    };
    let traits = SourceTraits {
        drops: lifetimes != Lifetimes::Unobservable,
        reaches_globals: GLOBALS.any_in(source),
        is_called,
    };
    Ok(instrument(&code, detail, traits, points, vm))
}

/// How many pieces besides the source are kept.
const PIECES: usize = 16;

/// What was compiled last.
#[derive(Default)]
pub(crate) struct CodeCache {
    /// Jobs of one unit follow each other, so one source is enough.
    source: Option<Rc<CompiledSource>>,
    /// Set-ups and calls, the one used last at the back.
    pieces: VecDeque<Piece>,
}

/// A compiled source, and what follows from it alone.
pub(crate) struct CompiledSource {
    source: String,
    slices: Vec<Slice>,
    detail: Detail,
    /// It belongs to a call, not to a program.
    is_called: bool,
    /// The code of the unit's own module, or the error that the compiler gave.
    pub(crate) code: Result<PyRef<PyCode>, PyBaseExceptionRef>,
    /// All modules of a unit that has several, its own last.
    pub(crate) modules: Vec<JobModule>,
    /// Its points of coverage.
    pub(crate) points: Vec<Point>,
    /// Modules that its import statements name.
    pub(crate) imports: BTreeSet<String>,
    /// Labels that its words bring.
    pub(crate) labels: LabelSet,
    /// Whether its code can notice when an object is freed.
    pub(crate) lifetimes: Lifetimes,
}

/// A compiled piece besides the source.
struct Piece {
    text: String,
    path: &'static str,
    code: PyRef<PyCode>,
}

impl CodeCache {
    /// The code of a job's source, compiled now or taken from the cache.
    pub(crate) fn source(&mut self, job: &Job, detail: Detail, vm: &VirtualMachine) -> Rc<CompiledSource> {
        // What was compiled before is freed first.
        let known = self.source.take().filter(|last| last.is_for(job, detail));
        let source = known.unwrap_or_else(|| Rc::new(CompiledSource::new(job, detail, vm)));
        Rc::clone(self.source.insert(source))
    }

    /// The code of a set-up or a call, compiled now or taken from the cache.
    pub(crate) fn piece(
        &mut self,
        text: &str,
        mode: Mode,
        path: &'static str,
        vm: &VirtualMachine,
    ) -> Result<PyRef<PyCode>, PyBaseExceptionRef> {
        let known = self.pieces.iter().position(|piece| piece.path == path && piece.text == text);
        if let Some(known) = known.and_then(|at| self.pieces.remove(at)) {
            let code = known.code.clone();
            self.pieces.push_back(known);
            return Ok(code);
        }
        let code = compile(text, mode, path, Detail::Count, vm)?;
        if self.pieces.len() == PIECES {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Piece { text: text.to_owned(), path, code: code.clone() });
        Ok(code)
    }
}

impl CompiledSource {
    /// Whether it is the source of a job, compiled at this level of detail.
    pub(crate) fn is_for(&self, job: &Job, detail: Detail) -> bool {
        (self.detail, self.is_called) == (detail, job.kind == JobKind::Call)
            && self.source == job.source
            && self.slices == job.slices
    }

    fn new(job: &Job, detail: Detail, vm: &VirtualMachine) -> Self {
        let is_called = job.kind == JobKind::Call;
        let mut points = Vec::new();
        let mut compiled = |text: &str, is_called| {
            compile_with_points(text, Mode::Exec, code_origin::UNIT, detail, is_called, &mut points, vm)
        };
        let modules: Vec<JobModule> = job
            .slices
            .iter()
            .enumerate()
            .map(|(at, slice)| {
                // The body of a module that is imported is counted, not recorded; that of a program is its own module's.
                let is_called = is_called || at + 1 < job.slices.len();
                let code = compiled(&slice.text_at_its_lines(&job.source), is_called);
                JobModule { name: slice.module.clone(), is_package: slice.is_package, code }
            })
            .collect();
        let code = match modules.last() {
            Some(own) => own.code.clone(),
            None => compiled(&job.source, is_called),
        };
        let mut imports = BTreeSet::new();
        let codes = || modules.iter().map(|module| &module.code).chain([&code]).filter_map(|code| code.as_ref().ok());
        // Without the word there is no import statement.
        if job.source.contains("import") {
            codes().for_each(|code| collect_imported_names(code, &mut imports));
        }
        let lifetimes = codes().map(|code| observable_lifetimes(code)).fold(Lifetimes::Unobservable, Ord::max);
        let labels = labels_in(&job.source);
        let (source, slices) = (job.source.clone(), job.slices.clone());
        CompiledSource { source, slices, detail, is_called, code, modules, points, imports, labels, lifetimes }
    }
}

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
use tracemill_trace::{Job, JobKind, Point};

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
    compile_with_points(source, mode, path, detail, false, vm).map(|(code, _)| code)
}

/// Compiles and instruments a source. Returns the points of coverage too; there are none unless `detail` is `Cover`.
/// Where the source `is_called`, a call of one of its functions is recorded, and its own statements are only counted.
pub(crate) fn compile_with_points(
    source: &str,
    mode: Mode,
    path: &str,
    detail: Detail,
    is_called: bool,
    vm: &VirtualMachine,
) -> Result<(PyRef<PyCode>, Vec<Point>), PyBaseExceptionRef> {
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
    Ok(instrument(&code, detail, traits, vm))
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
    detail: Detail,
    /// It belongs to a call, not to a program.
    is_called: bool,
    /// Its code, or the error that the compiler gave.
    pub(crate) code: Result<PyRef<PyCode>, PyBaseExceptionRef>,
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
        (self.detail, self.is_called) == (detail, job.kind == JobKind::Call) && self.source == job.source
    }

    fn new(job: &Job, detail: Detail, vm: &VirtualMachine) -> Self {
        let is_called = job.kind == JobKind::Call;
        let compiled = compile_with_points(&job.source, Mode::Exec, code_origin::UNIT, detail, is_called, vm);
        let (code, points) = match compiled {
            Ok((code, points)) => (Ok(code), points),
            Err(error) => (Err(error), Vec::new()),
        };
        let mut imports = BTreeSet::new();
        // Without the word there is no import statement.
        if let Some(code) = code.as_ref().ok().filter(|_| job.source.contains("import")) {
            collect_imported_names(code, &mut imports);
        }
        let lifetimes = code.as_ref().map_or(Lifetimes::Unobservable, |code| observable_lifetimes(code));
        let labels = labels_in(&job.source);
        CompiledSource { source: job.source.clone(), detail, is_called, code, points, imports, labels, lifetimes }
    }
}

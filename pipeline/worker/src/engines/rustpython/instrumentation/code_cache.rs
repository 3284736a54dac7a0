//! Compiles the pieces of a job and instruments them. Keeps the source that was compiled last. Called by `job`.

use std::rc::Rc;

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
        object_lifetime::{Lifetimes, observable_lifetimes},
        text_scan::WordSet,
    },
    runtime::code_origin,
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

/// The source compiled last. Jobs of one unit follow each other, so one entry is enough.
#[derive(Default)]
pub(crate) struct CodeCache {
    last: Option<Compiled>,
}

/// A compiled source.
pub(crate) struct Compiled {
    source: String,
    detail: Detail,
    /// It belongs to a call, not to a program.
    is_called: bool,
    /// Its code, or the error that the compiler gave.
    pub(crate) code: Result<PyRef<PyCode>, PyBaseExceptionRef>,
    /// Its points of coverage.
    pub(crate) points: Rc<[Point]>,
}

impl CodeCache {
    /// The code of a job's source, compiled now or taken from the cache.
    pub(crate) fn compiled(&mut self, job: &Job, detail: Detail, vm: &VirtualMachine) -> &Compiled {
        let is_called = job.kind == JobKind::Call;
        let same = |last: &Compiled| last.source == job.source && (last.detail, last.is_called) == (detail, is_called);
        let known = self.last.take().filter(same);
        self.last.insert(known.unwrap_or_else(|| {
            let compiled = compile_with_points(&job.source, Mode::Exec, code_origin::UNIT, detail, is_called, vm);
            let (code, points) = match compiled {
                Ok((code, points)) => (Ok(code), points),
                Err(error) => (Err(error), Vec::new()),
            };
            Compiled { source: job.source.clone(), detail, is_called, code, points: points.into() }
        }))
    }
}

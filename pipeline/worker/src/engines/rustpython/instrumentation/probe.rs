//! The object that instrumented code calls. A probe is a constant of the code. The code runs `~probe`, or `probe @ top`
//! to pass the top of the value stack. Both call the handler on the thread that executes the frame, so the frame waits
//! meanwhile.

use std::{cell::Cell, rc::Rc, sync::OnceLock};

use rustpython_vm::{
    Context, Py, PyObject, PyPayload, PyResult, VirtualMachine,
    builtins::PyType,
    class::{PyClassImpl, StaticType},
    protocol::PyNumberMethods,
    pyclass,
    types::AsNumber,
};

use super::{code_info::CodeInfo, site::Site};

/// The function that a probe calls, with the probe and, where the code passes it, the top of the value stack.
pub(crate) type Handler = fn(&Probe, Option<&PyObject>, &VirtualMachine) -> PyResult<()>;

/// The one handler of all probes. It belongs to a folder above (`recording::observer`).
static HANDLER: OnceLock<Handler> = OnceLock::new();

/// A probe.
#[pyclass(name = "probe", module = false)]
pub(crate) struct Probe {
    pub(crate) info: Rc<CodeInfo>,
    pub(crate) site: Site,
    /// The instruction that it reports.
    pub(crate) op: u32,
    /// The instruction in front of which it stands.
    pub(crate) place: u32,
    /// That instruction's line; 0 for none.
    pub(crate) line: u32,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Probe").field("site", &self.site).finish_non_exhaustive()
    }
}

impl PyPayload for Probe {
    fn class(_: &Context) -> &'static Py<PyType> {
        Self::static_type()
    }
}

#[pyclass(with(AsNumber))]
impl Probe {}

impl AsNumber for Probe {
    fn as_number() -> &'static PyNumberMethods {
        static METHODS: PyNumberMethods = PyNumberMethods {
            invert: Some(|number, vm| call_handler(number.obj, None, vm)),
            matrix_multiply: Some(|probe, top, vm| call_handler(probe, Some(top), vm)),
            ..PyNumberMethods::NOT_IMPLEMENTED
        };
        &METHODS
    }
}

/// Makes the class of probes, once a thread, and sets their handler.
pub(crate) fn prepare(handler: Handler) {
    thread_local! {
        static MADE: Cell<bool> = const { Cell::new(false) };
    }
    if !MADE.replace(true) {
        let _ = Probe::make_static_type();
    }
    // Every interpreter of the process has the same handler.
    let _ = HANDLER.set(handler);
}

#[inline]
fn call_handler(probe: &PyObject, top: Option<&PyObject>, vm: &VirtualMachine) -> PyResult {
    if let (Some(probe), Some(handler)) = (probe.downcast_ref::<Probe>(), HANDLER.get()) {
        handler(probe, top, vm)?;
    }
    Ok(vm.ctx.none())
}

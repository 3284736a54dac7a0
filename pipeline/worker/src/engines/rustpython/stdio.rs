//! Standard input and output of the program: native objects over this thread's buffers. Installed before each job.
//!
//! What is written to standard output is kept twice: for the next event, and whole. Standard error is swallowed.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use rustpython_vm::{
    Context, Py, PyObjectRef, PyPayload, PyResult, VirtualMachine,
    builtins::{PyStrRef, PyType},
    class::{PyClassImpl, StaticType},
    function::{ArgBytesLike, ArgIterable},
    pyclass,
};
use tracemill_trace::Outcome;

use super::stop;

#[derive(Default)]
struct Buffers {
    pending: String,
    whole: String,
    limit: usize,
}

thread_local! {
    // Apart from the recorder: an object that dies while the recorder works may still print.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// Takes the text written since the last call.
pub(super) fn take_pending() -> String {
    BUFFERS.with_borrow_mut(|buffers| std::mem::take(&mut buffers.pending))
}

/// Takes everything written.
pub(super) fn take_whole() -> String {
    BUFFERS.with_borrow_mut(|buffers| std::mem::take(&mut buffers.whole))
}

/// Forgets what the set-up wrote.
pub(super) fn forget(limit_bytes: u64) {
    let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    BUFFERS.set(Buffers { pending: String::new(), whole: String::new(), limit });
}

fn write(text: &str, vm: &VirtualMachine) -> PyResult<()> {
    let full = BUFFERS.with_borrow_mut(|buffers| {
        let room = buffers.limit.saturating_sub(buffers.whole.len());
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        buffers.whole.push_str(&text[..end]);
        buffers.pending.push_str(&text[..end]);
        end < text.len()
    });
    if full { Err(stop::begin(Outcome::OutputLimit, vm)) } else { Ok(()) }
}

/// `sys.stdout` and `sys.stderr`.
#[pyclass(module = "_io", name = "TextIOWrapper")]
#[derive(Debug)]
struct Output {
    errors: bool,
    closed: AtomicBool,
}

impl PyPayload for Output {
    fn class(_ctx: &Context) -> &'static Py<PyType> {
        Self::static_type()
    }
}

#[pyclass]
impl Output {
    fn check(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.closed.load(Relaxed) {
            return Err(vm.new_value_error("I/O operation on closed file."));
        }
        Ok(())
    }

    #[pymethod]
    fn write(&self, text: PyStrRef, vm: &VirtualMachine) -> PyResult<usize> {
        self.check(vm)?;
        if !self.errors {
            write(&text.to_string_lossy(), vm)?;
        }
        Ok(text.char_len())
    }

    #[pymethod]
    fn writelines(&self, lines: ArgIterable<PyStrRef>, vm: &VirtualMachine) -> PyResult<()> {
        for line in lines.iter(vm)? {
            self.write(line?, vm)?;
        }
        Ok(())
    }

    #[pymethod]
    fn flush(&self, vm: &VirtualMachine) -> PyResult<()> {
        self.check(vm)
    }

    #[pymethod]
    fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    #[pymethod]
    fn isatty(&self, vm: &VirtualMachine) -> PyResult<bool> {
        self.check(vm)?;
        Ok(false)
    }

    #[pymethod]
    fn readable(&self) -> bool {
        false
    }

    #[pymethod]
    fn writable(&self) -> bool {
        true
    }

    #[pymethod]
    fn seekable(&self) -> bool {
        false
    }

    #[pymethod]
    fn fileno(&self, vm: &VirtualMachine) -> PyResult<i32> {
        Err(vm.new_os_error("underlying stream has no file descriptor"))
    }

    #[pymethod]
    fn reconfigure(&self, _args: rustpython_vm::function::FuncArgs) {}

    #[pymethod]
    fn __enter__(zelf: rustpython_vm::PyRef<Self>) -> rustpython_vm::PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __exit__(&self, _args: rustpython_vm::function::FuncArgs) {
        self.close();
    }

    #[pygetset]
    fn closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    #[pygetset]
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    #[pygetset]
    fn errors(&self) -> &'static str {
        if self.errors { "backslashreplace" } else { "strict" }
    }

    #[pygetset]
    fn mode(&self) -> &'static str {
        "w"
    }

    #[pygetset]
    fn name(&self) -> &'static str {
        if self.errors { "<stderr>" } else { "<stdout>" }
    }

    #[pygetset]
    fn buffer(&self, vm: &VirtualMachine) -> PyObjectRef {
        ByteOutput { errors: self.errors }.into_ref(&vm.ctx).into()
    }
}

/// `sys.stdout.buffer`.
#[pyclass(module = "_io", name = "BufferedWriter")]
#[derive(Debug)]
struct ByteOutput {
    errors: bool,
}

impl PyPayload for ByteOutput {
    fn class(_ctx: &Context) -> &'static Py<PyType> {
        Self::static_type()
    }
}

#[pyclass]
impl ByteOutput {
    #[pymethod]
    fn write(&self, bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<usize> {
        let text = bytes.with_ref(|bytes| (String::from_utf8_lossy(bytes).into_owned(), bytes.len()));
        if !self.errors {
            write(&text.0, vm)?;
        }
        Ok(text.1)
    }

    #[pymethod]
    fn flush(&self) {}
}

/// Makes the native classes known to this thread's engine. Once a thread.
pub(super) fn register() {
    let _ = Output::make_static_type();
    let _ = ByteOutput::make_static_type();
}

/// Gives the program fresh streams, with `stdin` to read from.
pub(super) fn install(stdin: &str, limit_bytes: u64, vm: &VirtualMachine) -> PyResult<()> {
    forget(limit_bytes);
    for (names, errors) in [(["stdout", "__stdout__"], false), (["stderr", "__stderr__"], true)] {
        let stream: PyObjectRef = Output { errors, closed: AtomicBool::new(false) }.into_ref(&vm.ctx).into();
        for name in names {
            vm.sys_module.set_attr(name, stream.clone(), vm)?;
        }
    }
    let io = vm.import("_io", 0)?;
    let bytes: PyObjectRef = vm.ctx.new_bytes(stdin.as_bytes().to_vec()).into();
    let bytes = io.get_attr("BytesIO", vm)?.call((bytes,), vm)?;
    let text = io.get_attr("TextIOWrapper", vm)?.call((bytes, vm.ctx.new_str("utf-8")), vm)?;
    for name in ["stdin", "__stdin__"] {
        vm.sys_module.set_attr(name, text.clone(), vm)?;
    }
    Ok(())
}


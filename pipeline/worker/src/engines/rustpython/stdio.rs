//! Standard input and output of the program: objects over this thread's buffers. Installed before each job.
//!
//! What is written to standard output is kept twice: for the next event, and whole. Standard error is swallowed.

use std::cell::{Cell, RefCell};

use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine, builtins::PyStrRef, function::ArgBytesLike};
use tracemill_trace::Outcome;

use super::{interpreter, patch, stop};

#[derive(Default)]
struct Buffers {
    pending: String,
    whole: String,
    limit: usize,
}

thread_local! {
    /// There is text for the next event.
    static HAS_PENDING: Cell<bool> = const { Cell::new(false) };
    // Apart from the recorder: an object that dies while the recorder works may still print.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
    /// The program has closed its standard output.
    static CLOSED: Cell<bool> = const { Cell::new(false) };
}

/// Moves the text written since the last call to the end of `to`.
#[inline]
pub(super) fn take_pending(to: &mut String) {
    if HAS_PENDING.replace(false) {
        BUFFERS.with_borrow_mut(|buffers| to.push_str(&std::mem::take(&mut buffers.pending)));
    }
}

/// Takes everything written.
pub(super) fn take_whole() -> String {
    BUFFERS.with_borrow_mut(|buffers| std::mem::take(&mut buffers.whole))
}

/// Forgets what the set-up wrote.
pub(super) fn forget(limit_bytes: u64) {
    let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    HAS_PENDING.set(false);
    BUFFERS.set(Buffers { pending: String::new(), whole: String::new(), limit });
}

/// Starts the streams that stand anew: nothing has been written to them or read from them.
pub(super) fn reopen(limit_bytes: u64) {
    forget(limit_bytes);
    CLOSED.set(false);
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
        HAS_PENDING.set(true);
        end < text.len()
    });
    if full { Err(stop::begin(Outcome::OutputLimit, vm)) } else { Ok(()) }
}

fn check_open(vm: &VirtualMachine) -> PyResult<()> {
    if CLOSED.get() { Err(vm.new_value_error("I/O operation on closed file.")) } else { Ok(()) }
}

fn write_text(text: PyStrRef, vm: &VirtualMachine) -> PyResult<usize> {
    check_open(vm)?;
    write(&text.to_string_lossy(), vm)?;
    Ok(text.char_len())
}

fn write_bytes(bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<usize> {
    check_open(vm)?;
    let (text, length) = bytes.with_ref(|bytes| (String::from_utf8_lossy(bytes).into_owned(), bytes.len()));
    write(&text, vm)?;
    Ok(length)
}

fn flush(vm: &VirtualMachine) -> PyResult<()> {
    check_open(vm)
}

fn isatty(vm: &VirtualMachine) -> PyResult<bool> {
    check_open(vm).map(|()| false)
}

fn close() {
    CLOSED.set(true);
}

fn is_closed() -> bool {
    CLOSED.get()
}

/// The classes of the streams.
pub(super) struct Streams {
    text: PyObjectRef,
    discarding: PyObjectRef,
}

impl Streams {
    /// Makes the classes, once an interpreter. The engine's own class macro does not work here: what it expands to
    /// wants the engine to be built with debug assertions when we are.
    pub(super) fn new(vm: &VirtualMachine) -> PyResult<Self> {
        let native = vm.new_module("streams_native", vm.ctx.new_dict(), None);
        native.set_attr("write", vm.new_function("write", write_text), vm)?;
        native.set_attr("write_bytes", vm.new_function("write", write_bytes), vm)?;
        native.set_attr("flush", vm.new_function("flush", flush), vm)?;
        native.set_attr("isatty", vm.new_function("isatty", isatty), vm)?;
        native.set_attr("close", vm.new_function("close", close), vm)?;
        native.set_attr("is_closed", vm.new_function("is_closed", is_closed), vm)?;
        let loaded = patch::modules(vm)?;
        loaded.set_item("streams_native", native.into(), vm)?;
        let streams =
            interpreter::run_module("streams", interpreter::frozen!("<frozen streams>", "python/streams.py"), vm)?;
        for name in ["streams", "streams_native"] {
            loaded.del_item(name, vm)?;
        }
        Ok(Streams { text: streams.get_attr("TextIOWrapper", vm)?, discarding: streams.get_attr("Discarding", vm)? })
    }

    /// Gives the program fresh streams, with `stdin` to read from.
    pub(super) fn install(&self, stdin: &str, limit_bytes: u64, vm: &VirtualMachine) -> PyResult<()> {
        forget(limit_bytes);
        CLOSED.set(false);
        let out = self.text.call((vm.ctx.new_str("<stdout>"),), vm)?;
        let error = self.discarding.call((vm.ctx.new_str("<stderr>"),), vm)?;
        let io = vm.import("_io", 0)?;
        let bytes: PyObjectRef = vm.ctx.new_bytes(stdin.as_bytes().to_vec()).into();
        let bytes = io.get_attr("BytesIO", vm)?.call((bytes,), vm)?;
        let input = io.get_attr("TextIOWrapper", vm)?.call((bytes, vm.ctx.new_str("utf-8")), vm)?;
        for (names, stream) in
            [(["stdout", "__stdout__"], out), (["stderr", "__stderr__"], error), (["stdin", "__stdin__"], input)]
        {
            for name in names {
                vm.sys_module.set_attr(name, stream.clone(), vm)?;
            }
        }
        Ok(())
    }
}

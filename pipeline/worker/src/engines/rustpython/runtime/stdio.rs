//! Standard input and output of the program. The objects are installed when a job is loaded, unless they are as they were;
//! the text is in the state of the job.
//!
//! Standard output is kept twice: for the next event, and whole. Standard error is dropped.

use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine, builtins::PyStrRef, function::ArgBytesLike};
use tracemill_trace::Outcome;

use super::{
    frozen_modules::{frozen, run_module},
    patch, termination,
};
use crate::engines::rustpython::job_state::{self, OutputText};

/// Moves the text written since the last call to the end of `to`.
#[inline]
pub(crate) fn take_pending(to: &mut String) {
    job_state::with(|job| {
        if job.output.has_pending.replace(false) {
            to.push_str(&std::mem::take(&mut job.output.text.borrow_mut().pending));
        }
    });
}

/// Takes everything written.
pub(crate) fn take_whole() -> String {
    job_state::with(|job| std::mem::take(&mut job.output.text.borrow_mut().whole))
}

/// Discards what was written so far; so many bytes may be written from here on.
pub(crate) fn discard_output(limit_bytes: u64) {
    let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    job_state::with(|job| {
        job.output.has_pending.set(false);
        job.output.text.replace(OutputText::new(limit));
    });
}

fn write(text: &str, vm: &VirtualMachine) -> PyResult<()> {
    let is_full = job_state::with(|job| {
        let mut output = job.output.text.borrow_mut();
        let room = output.limit.saturating_sub(output.whole.len());
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        output.whole.push_str(&text[..end]);
        output.pending.push_str(&text[..end]);
        job.output.has_pending.set(true);
        end < text.len()
    });
    if is_full { Err(termination::stop(Outcome::OutputLimit, vm)) } else { Ok(()) }
}

fn check_open(vm: &VirtualMachine) -> PyResult<()> {
    if is_closed() { Err(vm.new_value_error("I/O operation on closed file.")) } else { Ok(()) }
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

/// Whether the job has neither written to its standard output nor closed it.
pub(crate) fn is_unused() -> bool {
    job_state::with(|job| !job.output.is_closed.get() && job.output.text.borrow().whole.is_empty())
}

fn close() {
    job_state::with(|job| job.output.is_closed.set(true));
}

fn is_closed() -> bool {
    job_state::with(|job| job.output.is_closed.get())
}

/// The classes of the streams.
pub(crate) struct Streams {
    output: PyObjectRef,
    discarding: PyObjectRef,
    /// The interpreter's own `BytesIO` and `TextIOWrapper`, for standard input.
    bytes: PyObjectRef,
    input: PyObjectRef,
}

impl Streams {
    /// Makes the classes, once an interpreter. They are written in Python: the interpreter's class macro requires that
    /// it is built with debug assertions whenever we are.
    pub(crate) fn new(vm: &VirtualMachine) -> PyResult<Self> {
        let native = vm.new_module("streams_native", vm.ctx.new_dict(), None);
        native.set_attr("write", vm.new_function("write", write_text), vm)?;
        native.set_attr("write_bytes", vm.new_function("write", write_bytes), vm)?;
        native.set_attr("flush", vm.new_function("flush", flush), vm)?;
        native.set_attr("isatty", vm.new_function("isatty", isatty), vm)?;
        native.set_attr("close", vm.new_function("close", close), vm)?;
        native.set_attr("is_closed", vm.new_function("is_closed", is_closed), vm)?;
        let loaded = patch::modules(vm)?;
        loaded.set_item("streams_native", native.into(), vm)?;
        let streams = run_module("streams", frozen!("<frozen streams>", "python/streams.py"), vm)?;
        for name in ["streams", "streams_native"] {
            loaded.del_item(name, vm)?;
        }
        let io = vm.import("_io", 0)?;
        Ok(Streams {
            output: streams.get_attr("TextIOWrapper", vm)?,
            discarding: streams.get_attr("Discarding", vm)?,
            bytes: io.get_attr("BytesIO", vm)?,
            input: io.get_attr("TextIOWrapper", vm)?,
        })
    }

    /// Gives the program fresh streams, with `stdin` to read from.
    pub(crate) fn install(&self, stdin: &str, vm: &VirtualMachine) -> PyResult<()> {
        let out = self.output.call((vm.ctx.new_str("<stdout>"),), vm)?;
        let error = self.discarding.call((vm.ctx.new_str("<stderr>"),), vm)?;
        let bytes: PyObjectRef = vm.ctx.new_bytes(stdin.as_bytes().to_vec()).into();
        let bytes = self.bytes.call((bytes,), vm)?;
        let input = self.input.call((bytes, vm.ctx.new_str("utf-8")), vm)?;
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

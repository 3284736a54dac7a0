//! What is known to make an execution differ from CPython, or from itself another time. Noted where it is seen, taken
//! by the engine when a job ends.
//!
//! | label | what was seen |
//! | --- | --- |
//! | `set_order` | the order of a set of which it is not known to be CPython's: it was iterated, or shown in an event |
//! | `hash_order` | the order of a set, iterated or shown, that follows from hashes which hang on their seed (texts, bytes) or on the size of a machine word (tuples, frozen sets, fractions, numbers below zero or above 31 bits): CPython's on 64 bits with seed 0 |
//! | `libm` | a function of `math` or `cmath` whose last digits CPython leaves to the C library |
//! | `constant` | a floor division of two numbers that are written out, one with a point: the engine's compiler gets some wrong |
//! | `depth` | the program asked for a deeper recursion than the limits give |
//! | `end_order` | a frame that returned left several sleeping generators behind, an asynchronous generator was left before its end, or a class has `__del__`: CPython may end objects in another order, or at all |
//! | `id` | the program asked for an `id`, which is an address |
//! | `hash` | the program asked for the hash of something that is not a number: it follows from the seed, or an address |
//! | `random` | chance, in another stream than CPython's unless seeded |
//! | `bare_raise` | a bare `raise` with nothing to raise: its event is missing |
//! | `clock` | the time, which stands still but for reads and sleeps |
//! | `size` | `sys.getsizeof` |
//! | `threads` | a thread was started: it runs to its end at once |
//! | `code` | the program looked at its own code or frames, where the probes show |
//! | `wording` | the interpreter raised an exception whose message is not of a kind that was measured to be CPython's |

use std::cell::Cell;

use rustpython_vm::{
    PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyFloat, PyFrozenSet, PyInt, PySet},
    frame::{InterpreterFrame, current_code, current_thread_iframe, frame_at_offset},
    function::FuncArgs,
};
use tracemill_trace::Outcome;

use super::{patch, sets, stop, units, words::Words};

/// A label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Label {
    BareRaise,
    Clock,
    Code,
    Constant,
    Depth,
    EndOrder,
    Hash,
    HashOrder,
    Id,
    Libm,
    Random,
    SetOrder,
    Size,
    Threads,
    Wording,
}

/// Every label, in the order of their names.
const ALL: [(Label, &str); 15] = [
    (Label::BareRaise, "bare_raise"),
    (Label::Clock, "clock"),
    (Label::Code, "code"),
    (Label::Constant, "constant"),
    (Label::Depth, "depth"),
    (Label::EndOrder, "end_order"),
    (Label::Hash, "hash"),
    (Label::HashOrder, "hash_order"),
    (Label::Id, "id"),
    (Label::Libm, "libm"),
    (Label::Random, "random"),
    (Label::SetOrder, "set_order"),
    (Label::Size, "size"),
    (Label::Threads, "threads"),
    (Label::Wording, "wording"),
];

/// Functions of `math` and `cmath` that the C library computes.
const LIBM: &[&str] = &[
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "erf", "erfc", "exp", "exp2",
    "expm1", "gamma", "lgamma", "log", "log10", "log1p", "log2", "phase", "polar", "pow", "rect", "sin", "sinh", "tan",
    "tanh",
];

thread_local! {
    static SEEN: Cell<u32> = const { Cell::new(0) };
    /// The frame that called what gives the same in any order.
    static ORDERLESS: Cell<*const InterpreterFrame> = const { Cell::new(std::ptr::null()) };
}

/// Notes a label.
pub(super) fn note(label: Label) {
    SEEN.set(SEEN.get() | 1 << label as u32);
}

/// Forgets what was noted.
pub(super) fn forget() {
    SEEN.set(0);
    ORDERLESS.set(std::ptr::null());
}

/// What was noted until a moment.
#[derive(Clone, Copy, Default)]
pub(super) struct Noted(u32);

/// What was noted until now.
pub(super) fn noted() -> Noted {
    Noted(SEEN.get())
}

/// Takes back what was noted since.
pub(super) fn restore(noted: Noted) {
    SEEN.set(noted.0);
}

/// What was noted, sorted.
pub(super) fn take() -> Vec<String> {
    let seen = SEEN.replace(0);
    ALL.iter().filter(|(label, _)| seen & 1 << *label as u32 != 0).map(|(_, name)| (*name).to_owned()).collect()
}

/// Words of a job's texts, and the label that each of them brings. The built-in function `hash` is watched, and calls
/// `__hash__` for the program; who calls it himself is read here.
const TOLD: [(&str, Label); 15] = [
    ("__code__", Label::Code),
    ("f_code", Label::Code),
    ("f_lasti", Label::Code),
    ("co_code", Label::Code),
    ("co_consts", Label::Code),
    ("import dis", Label::Code),
    ("from dis", Label::Code),
    ("getframe", Label::Code),
    ("currentframe", Label::Code),
    (".__hash__", Label::Hash),
    ("'__hash__'", Label::Hash),
    ("\"__hash__\"", Label::Hash),
    ("def __del__", Label::EndOrder),
    ("getsizeof", Label::Size),
    ("//", Label::Constant),
];

/// The words alone.
const TELLING: Words<15> = {
    let mut words = [""; 15];
    let mut at = 0;
    while at < words.len() {
        words[at] = TOLD[at].0;
        at += 1;
    }
    Words::new(words)
};

/// What can be told from the texts of a job alone.
pub(super) fn read(source: &str) {
    let found = TELLING.of(source);
    for (at, &(_, label)) in TOLD.iter().enumerate() {
        if found >> at & 1 != 0 && (label != Label::Constant || divides_constants(source)) {
            note(label);
        }
    }
}

/// Whether numbers that are written out are divided with `//`, one of them as a float.
fn divides_constants(source: &str) -> bool {
    source.match_indices("//").any(|(at, _)| {
        let of_number = |letter: &char| letter.is_ascii_alphanumeric() || "._+-()* ".contains(*letter);
        let left: String = source[..at].chars().rev().take_while(of_number).collect();
        let right: String = source[at + 2..].chars().take_while(of_number).collect();
        let is_number = |text: &str, first: Option<char>| {
            first.is_some_and(|letter| letter.is_ascii_digit() || letter == '.') && !text.is_empty()
        };
        let is_float = |text: &str| {
            let letters: Vec<char> = text.chars().collect();
            letters.windows(2).any(|pair| matches!(pair, ['.', digit] | [digit, '.'] if digit.is_ascii_digit()))
                || letters
                    .windows(2)
                    .any(|pair| matches!(pair, [digit, 'e' | 'E'] | ['e' | 'E', digit] if digit.is_ascii_digit()))
        };
        is_number(&left, left.trim_start_matches([' ', ')']).chars().next())
            && is_number(&right, right.trim_start_matches([' ', '(', '-', '+']).chars().next())
            && (is_float(&left) || is_float(&right))
    })
}

#[test]
fn floor_divisions_of_constants_are_found() {
    for source in ["x = 7.5 // 2", "10**2 // 2.0", "(0.1 - 1.5) // 0.7", "f(1e300//3)", "-2. // (-3)"] {
        assert!(divides_constants(source), "{source}");
    }
    for source in ["x // 2.5", "7 // 2", "7.5 // x", "7.5 / 2", "a2 // 2", "http://1.2.3.4", "x.y // 2"] {
        assert!(!divides_constants(source), "{source}");
    }
}

/// Notes that a set's order is walked by the job's own code, unless it is anybody's or does not matter.
pub(super) fn walked(is_sure: bool, set: &PyObject, vm: &VirtualMachine) {
    let label = if is_sure { Label::HashOrder } else { Label::SetOrder };
    if is_noted(label) || !has_order(set) || is_sure && !sets::hangs_on_hashes(&sets::elements(set)) {
        return;
    }
    let orderless = !ORDERLESS.get().is_null() && ORDERLESS.get() == current_thread_iframe();
    if !orderless && is_called_by_own(vm) {
        note(label);
    }
}

/// Notes that a set's elements are shown in this order.
pub(super) fn shown(is_sure: bool, items: &[PyObjectRef]) {
    if !is_sure {
        note(Label::SetOrder);
    } else if items.len() > 1 && !is_noted(Label::HashOrder) && sets::hangs_on_hashes(items) {
        note(Label::HashOrder);
    }
}

/// Notes that one of so many elements of a set was taken as its first.
pub(super) fn popped(elements: usize, first: &PyObjectRef) {
    if elements > 1 && is_own_call() && sets::hangs_on_hashes(std::slice::from_ref(first)) {
        note(Label::HashOrder);
    }
}

fn is_noted(label: Label) -> bool {
    SEEN.get() & 1 << label as u32 != 0
}

fn has_order(set: &PyObject) -> bool {
    let elements = match (set.downcast_ref::<PySet>(), set.downcast_ref::<PyFrozenSet>()) {
        (Some(set), _) => set.elements().len(),
        (None, Some(set)) => set.elements().len(),
        (None, None) => 0,
    };
    elements > 1
}

/// Notes that the time is asked for.
fn clock(vm: &VirtualMachine) {
    if is_called_by_own(vm) {
        note(Label::Clock);
    }
}

/// A piece of the job runs, or the library for it; not a module that is being imported.
pub(super) fn is_called_by_own(vm: &VirtualMachine) -> bool {
    for offset in 0.. {
        let Some(frame) = frame_at_offset(offset, vm) else { break };
        let path = frame.iframe().code().source_path().as_str();
        if path.contains("importlib") {
            break;
        }
        if units::is_own(path) {
            return true;
        }
    }
    false
}

/// The call comes from a piece of the job, not from the library.
pub(super) fn is_own_call() -> bool {
    current_code().is_some_and(|code| units::is_own(code.source_path().as_str()))
}

type Iterate = fn(PyObjectRef, &VirtualMachine) -> PyResult;

thread_local! {
    static ITERATE: [Cell<Option<Iterate>>; 2] = const { [Cell::new(None), Cell::new(None)] };
}

fn iterate_set(set: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    iterate(0, set, vm)
}

fn iterate_frozenset(set: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    iterate(1, set, vm)
}

fn iterate(which: usize, set: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let is_sure = sets::settle(&set, vm);
    if !sets::makers::is_being_added(&set) {
        walked(is_sure, &set, vm);
    }
    match ITERATE.with(|known| known[which].get()) {
        Some(iterate) => iterate(set, vm),
        None => Err(vm.new_type_error("a set cannot be iterated")),
    }
}

/// Puts the watches in place. Once an interpreter.
pub(super) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let types = &vm.ctx.types;
    for (which, (class, watch)) in
        [(types.set_type, iterate_set as Iterate), (types.frozenset_type, iterate_frozenset as Iterate)]
            .into_iter()
            .enumerate()
    {
        let before = class.slots.iter.load();
        if before.is_some_and(|before| !std::ptr::fn_addr_eq(before, watch)) {
            ITERATE.with(|known| known[which].set(before));
            class.slots.iter.store(Some(watch));
        }
    }
    for name in ["sorted", "max", "min"] {
        orderless(name, vm)?;
    }
    let hash = vm.builtins.get_attr("hash", vm)?;
    let watched = move |object: PyObjectRef, vm: &VirtualMachine| -> PyResult {
        if object.downcast_ref::<PyInt>().is_none() && object.downcast_ref::<PyFloat>().is_none() && is_own_call() {
            note(Label::Hash);
        }
        hash.call((object,), vm)
    };
    vm.builtins.set_attr("hash", vm.new_function("hash", watched), vm)?;
    for module in ["math", "cmath"] {
        patch::wrap(module, LIBM, vm, |function, args, vm| {
            if is_own_call() {
                note(Label::Libm);
            }
            function.call(args, vm)
        })?;
    }
    let notes = vm.new_module("labels_native", vm.ctx.new_dict(), None);
    notes.set_attr("clock", vm.new_function("clock", clock), vm)?;
    notes.set_attr("threads", vm.new_function("threads", threads), vm)?;
    notes.set_attr("wait_for_ever", vm.new_function("wait_for_ever", wait_for_ever), vm)?;
    vm.sys_module.get_attr("modules", vm)?.set_item("labels_native", notes.into(), vm)
}

/// A thread is started.
fn threads(_vm: &VirtualMachine) {
    note(Label::Threads);
}

/// The only thread waits for what nobody else will do: it ends as a loop does that has no end.
fn wait_for_ever(vm: &VirtualMachine) -> PyResult {
    Err(stop::begin(Outcome::StepLimit, vm))
}

/// Lets a built-in function iterate sets without a note: its result is the same in any order, unless a key makes
/// different elements equal.
fn orderless(name: &'static str, vm: &VirtualMachine) -> PyResult<()> {
    let function = vm.builtins.get_attr(name, vm)?;
    let watched = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
        if !args.kwargs.is_empty() {
            args.args.iter().for_each(|read| sets::readers::about_to_read(read, vm));
            return function.call(args, vm);
        }
        let before = ORDERLESS.replace(current_thread_iframe());
        let result = function.call(args, vm);
        ORDERLESS.set(before);
        result
    };
    vm.builtins.set_attr(name, vm.new_function(name, watched), vm)
}

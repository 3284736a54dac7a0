//! From the interpreter's moments to events: which frame, which line, what changed. Called by `hook`.

use std::{collections::HashMap, ops::ControlFlow, rc::Rc};

use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyBaseException, PyDict, PyFunction, PyModule, PyStr, PyType},
    bytecode::{Opcode, decode_exception_table},
    frame::FrameObject,
};
use tracemill_trace::{Action, Change, Event, EventKind, Frame, Outcome, Scope, Value};

use super::{
    changes::{Look, Shadow},
    errors,
    render::render,
    stdio,
    units::Layout,
};
use crate::engine::SharedSink;

/// What the interpreter says.
pub(super) enum Moment<'a> {
    /// A frame starts, or a sleeping one goes on.
    Enter,
    /// A line is about to run.
    Line,
    /// A frame hands out a value and ends or sleeps, or an exception leaves it.
    Leave(&'a PyObject),
    /// An exception was raised in the frame or passed into it.
    Exception(&'a Py<PyBaseException>),
}

/// A frame of the unit that runs or sleeps.
struct Live {
    key: usize,
    /// Keeps the frame, and so its key, while a generator sleeps.
    _frame: PyObjectRef,
    index: u32,
    layout: Rc<Layout>,
    slots: Vec<Shadow>,
    globals: Vec<Shadow>,
    names: Vec<(String, Shadow)>,
    /// The line that runs, and the recorder's count of comings and goings at the frame's last event.
    line: u32,
    epoch: u64,
    /// The instruction that raised since the last line began.
    raised_at: Option<u32>,
    /// The last exception seen, and how many there were.
    exception: Option<String>,
    exceptions: u32,
    /// Something was thrown in where no handler is; closing a generator there is no event, as in CPython.
    closing: Closing,
}

/// What is known about an exception that is thrown into a sleeping frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// Nothing was thrown in.
    No,
    /// Something was, and what it is comes with the next moment.
    Perhaps,
    /// The frame is being closed.
    Yes,
}

/// Makes events of one execution.
pub(super) struct Recorder {
    sink: SharedSink,
    look: Look,
    live: Vec<Live>,
    asleep: HashMap<usize, Live>,
    layouts: HashMap<usize, Rc<Layout>>,
    frames: u32,
    epoch: u64,
    /// An `Unwind` whose exception the next moment tells better.
    held: Option<Event>,
    /// The moment before was an exception leaving a frame of the unit.
    after_unwind: bool,
}

impl Recorder {
    /// A recorder for one execution.
    pub(super) fn new(sink: SharedSink, look: Look) -> Self {
        Recorder {
            sink,
            look,
            live: Vec::new(),
            asleep: HashMap::new(),
            layouts: HashMap::new(),
            frames: 0,
            epoch: 0,
            held: None,
            after_unwind: false,
        }
    }

    /// Delivers what is still held, with the exception that ended the execution, if one did.
    pub(super) fn finish(&mut self, exception: Option<&str>) {
        if let Some(mut event) = self.held.take() {
            if let Some(exception) = exception {
                event.exception = Some(exception.to_owned());
            }
            // Nothing runs any more that could be stopped.
            let _ = self.sink.borrow_mut().event(event);
        }
    }

    /// Takes one moment of a frame of the unit.
    pub(super) fn moment(
        &mut self,
        moment: Moment<'_>,
        frame: &Py<FrameObject>,
        vm: &VirtualMachine,
    ) -> ControlFlow<Outcome> {
        let key = std::ptr::from_ref(frame) as usize;
        let after_unwind = std::mem::take(&mut self.after_unwind);
        match moment {
            Moment::Enter => self.enter(key, frame, vm),
            Moment::Line => {
                if !self.surface(key) {
                    return ControlFlow::Continue(());
                }
                self.event(EventKind::Line, frame, None, None, vm)
            }
            Moment::Exception(exception) => {
                let text = errors::line(exception, self.look.limit, vm);
                if let Some(event) = &mut self.held {
                    event.exception = Some(text.clone());
                }
                // The end of an iterator is no exception, unless code of the program raised it: CPython's rule.
                let ends_loop = exception.class().is(vm.ctx.exceptions.stop_iteration)
                    && matches!(opcode(frame), Opcode::ForIter | Opcode::Send);
                if (ends_loop && !after_unwind) || !self.surface(key) {
                    return ControlFlow::Continue(());
                }
                if let Some(live) = self.live.last_mut() {
                    match live.closing {
                        Closing::No => {}
                        Closing::Perhaps if exception.class().is(vm.ctx.exceptions.generator_exit) => {
                            live.closing = Closing::Yes;
                            return ControlFlow::Continue(());
                        }
                        Closing::Yes => return ControlFlow::Continue(()),
                        Closing::Perhaps => {
                            live.closing = Closing::No;
                            self.event(EventKind::Resume, frame, None, None, vm)?;
                        }
                    }
                }
                if let Some(live) = self.live.last_mut() {
                    live.raised_at = Some(frame.lasti());
                    live.exception = Some(text.clone());
                    live.exceptions += 1;
                }
                self.event(EventKind::Exception, frame, None, Some(text), vm)
            }
            Moment::Leave(value) => self.leave(key, frame, value, vm),
        }
    }

    fn enter(&mut self, key: usize, frame: &Py<FrameObject>, vm: &VirtualMachine) -> ControlFlow<Outcome> {
        self.epoch += 1;
        if let Some(mut live) = self.asleep.remove(&key) {
            if opcode(frame) != Opcode::Resume && !has_handler(frame) {
                live.closing = Closing::Perhaps;
                self.live.push(live);
                return ControlFlow::Continue(());
            }
            self.live.push(live);
            return self.event(EventKind::Resume, frame, None, None, vm);
        }
        let code = frame.iframe().code();
        let layout = Rc::clone(self.layouts.entry(code.get_id()).or_insert_with(|| Layout::new(code)));
        let shadows = |count: usize| std::iter::repeat_with(|| Shadow::Unbound).take(count).collect();
        let (parent_index, depth) = (self.live.last().map(|live| live.index), self.live.len() as u32);
        let who = Frame { parent_index, depth, function: layout.function.clone(), code_index: 0 };
        self.live.push(Live {
            key,
            _frame: frame.to_owned().into(),
            index: self.frames,
            slots: shadows(layout.slots.len()),
            globals: shadows(layout.globals.len()),
            names: Vec::new(),
            layout,
            line: 0,
            epoch: 0,
            raised_at: None,
            exception: None,
            exceptions: 0,
            closing: Closing::No,
        });
        self.frames += 1;
        self.event_of(EventKind::Call, frame, None, None, Some(who), vm)
    }

    fn leave(
        &mut self,
        key: usize,
        frame: &Py<FrameObject>,
        value: &PyObject,
        vm: &VirtualMachine,
    ) -> ControlFlow<Outcome> {
        if !self.surface(key) {
            return ControlFlow::Continue(());
        }
        let Some(live) = self.live.last() else { return ControlFlow::Continue(()) };
        if live.closing != Closing::No {
            self.live.pop();
            self.epoch += 1;
            return ControlFlow::Continue(());
        }
        let raised_here = live.raised_at == Some(frame.lasti()) && vm.is_none(value);
        let opcode = opcode(frame);
        let kind = match opcode {
            Opcode::ReturnValue if !raised_here => EventKind::Return,
            Opcode::YieldValue if !raised_here => EventKind::Yield,
            _ => EventKind::Unwind,
        };
        let (exception, ambiguous) = match kind {
            EventKind::Unwind => (live.exception.clone(), live.exceptions > 1),
            _ => (None, false),
        };
        let value = (kind != EventKind::Unwind).then(|| render(value, self.look.limit, vm).value);
        let flow = if ambiguous {
            // A handler may have seen another exception since; the next frame is told which one goes on.
            let event = self.make(EventKind::Unwind, frame, None, exception, None, vm);
            let flow = self.release();
            self.held = event;
            flow
        } else {
            self.event(kind, frame, value, exception, vm)
        };
        self.epoch += 1;
        self.after_unwind = kind == EventKind::Unwind;
        if let Some(live) = self.live.pop()
            && kind == EventKind::Yield
        {
            self.asleep.insert(key, live);
        }
        flow
    }

    /// Makes the frame the topmost one; `false` when its start was not seen.
    fn surface(&mut self, key: usize) -> bool {
        match self.live.iter().rposition(|live| live.key == key) {
            Some(at) => {
                self.live.truncate(at + 1);
                true
            }
            None => false,
        }
    }

    fn event(
        &mut self,
        kind: EventKind,
        frame: &Py<FrameObject>,
        value: Option<Value>,
        exception: Option<String>,
        vm: &VirtualMachine,
    ) -> ControlFlow<Outcome> {
        self.event_of(kind, frame, value, exception, None, vm)
    }

    fn event_of(
        &mut self,
        kind: EventKind,
        frame: &Py<FrameObject>,
        value: Option<Value>,
        exception: Option<String>,
        who: Option<Frame>,
        vm: &VirtualMachine,
    ) -> ControlFlow<Outcome> {
        let event = self.make(kind, frame, value, exception, who, vm);
        self.release()?;
        match event {
            Some(event) => self.sink.borrow_mut().event(event),
            None => ControlFlow::Continue(()),
        }
    }

    fn release(&mut self) -> ControlFlow<Outcome> {
        match self.held.take() {
            Some(event) => self.sink.borrow_mut().event(event),
            None => ControlFlow::Continue(()),
        }
    }

    /// Builds the event of the topmost frame and remembers its state.
    fn make(
        &mut self,
        kind: EventKind,
        frame: &Py<FrameObject>,
        value: Option<Value>,
        exception: Option<String>,
        who: Option<Frame>,
        vm: &VirtualMachine,
    ) -> Option<Event> {
        let (epoch, look) = (self.epoch, self.look);
        let live = self.live.last_mut()?;
        let at = frame.lasti().saturating_sub(1) as usize;
        let line =
            frame.iframe().code().code.locations.get(at).map_or(live.line, |location| location.0.line.get() as u32);
        let mutated = live.epoch != epoch || live.layout.may_mutate(live.line);
        let changes = changes(live, frame, mutated, look, vm);
        if kind == EventKind::Line {
            live.raised_at = None;
        }
        live.line = line;
        live.epoch = epoch;
        Some(Event {
            kind,
            frame_index: live.index,
            line_number: line,
            instruction: None,
            changes,
            value,
            exception,
            output: stdio::take_pending(),
            frame: who,
        })
    }
}

/// The instruction that the frame is at.
fn opcode(frame: &Py<FrameObject>) -> Opcode {
    let at = frame.lasti().saturating_sub(1) as usize;
    frame.iframe().code().code.instructions.read_op(at).deoptimize().as_opcode()
}

/// A handler of the program's covers the instruction that the frame is at.
fn has_handler(frame: &Py<FrameObject>) -> bool {
    let at = frame.lasti().saturating_sub(1);
    let code = &frame.iframe().code().code;
    decode_exception_table(&code.exceptiontable)
        .iter()
        .filter(|entry| (entry.start..entry.end).contains(&at))
        // Every generator has one of the compiler's own, which turns `StopIteration` into an error.
        .any(|entry| {
            code.instructions.read_op(entry.target as usize).deoptimize().as_opcode() != Opcode::CallIntrinsic1
        })
}

fn changes(live: &mut Live, frame: &Py<FrameObject>, mutated: bool, look: Look, vm: &VirtualMachine) -> Vec<Change> {
    let mut found = Vec::new();
    let mut note = |scope, name: &str, change: Option<(Action, Option<Value>)>| {
        if let Some((action, value)) = change {
            found.push(Change { scope, variable_index: 0, name: name.to_owned(), action, value, object_index: None, members: None, items_left: None });
        }
    };
    if live.layout.in_dictionary {
        if mutated {
            let namespace = frame.iframe().locals.get().map(|mapping| mapping.obj().to_owned());
            if let Some(namespace) = namespace.as_ref().and_then(|namespace| namespace.downcast_ref::<PyDict>()) {
                names(&mut live.names, namespace, look, vm, &mut note);
            }
        }
        return found;
    }
    #[expect(unsafe_code, reason = "the frame's variables are behind an unsafe function")]
    // SAFETY: this runs inside the trace function, on the thread that executes the frame, which waits meanwhile;
    // nothing that is called while the slice lives runs code of the frame.
    let locals = unsafe { frame.fastlocals() };
    for (at, slot) in live.layout.slots.iter().enumerate().filter(|(_, slot)| !slot.hidden) {
        let scope = if slot.captured { Scope::Captured } else { Scope::Local };
        let object = locals.get(at).and_then(Option::as_deref);
        let change = match object.filter(|object| slot.cell && object.class().is(vm.ctx.types.cell_type)) {
            // The engine keeps the cell's type to itself; what it holds is the only object that it refers to.
            Some(cell) => {
                live.slots[at].observe(cell.gc_get_referents().first().map(|object| &**object), mutated, look, vm)
            }
            None => live.slots[at].observe(object, mutated, look, vm),
        };
        note(scope, slot.name.as_str(), change);
    }
    if mutated {
        let globals = frame.iframe().globals();
        for (name, shadow) in live.layout.globals.iter().zip(&mut live.globals) {
            let object = globals.get_item_opt(*name, vm).ok().flatten().filter(|object| is_data(object, vm));
            note(Scope::Global, name.as_str(), shadow.observe(object.as_deref(), true, look, vm));
        }
    }
    found
}

/// Compares a namespace kept in a dictionary, in the order in which its names first appeared.
fn names(
    known: &mut Vec<(String, Shadow)>,
    namespace: &Py<PyDict>,
    look: Look,
    vm: &VirtualMachine,
    note: &mut impl FnMut(Scope, &str, Option<(Action, Option<Value>)>),
) {
    let mut current: Vec<Option<PyObjectRef>> = Vec::new();
    current.resize_with(known.len(), || None);
    let (mut at, mut guess) = (0, 0);
    while let Some((next, key, value)) = namespace.next_entry(at) {
        at = next;
        let Some(key) = key.downcast_ref::<PyStr>().and_then(|key| key.to_str()) else { continue };
        if key.starts_with("__") && key.ends_with("__") {
            continue;
        }
        // Names come in the same order as before, but for those that were deleted in between.
        let place = match known.get(guess) {
            Some((name, _)) if name == key => Some(guess),
            _ => known.iter().position(|(name, _)| name == key),
        };
        let place = place.unwrap_or_else(|| {
            known.push((key.to_owned(), Shadow::Unbound));
            current.push(None);
            known.len() - 1
        });
        current[place] = Some(value);
        guess = place + 1;
    }
    for ((name, shadow), object) in known.iter_mut().zip(&current) {
        note(Scope::Local, name, shadow.observe(object.as_deref(), true, look, vm));
    }
}

/// The object is data of the program, not a part of it.
fn is_data(object: &PyObject, vm: &VirtualMachine) -> bool {
    object.downcast_ref::<PyFunction>().is_none()
        && object.downcast_ref::<PyType>().is_none()
        && object.downcast_ref::<PyModule>().is_none()
        && !object.class().is(vm.ctx.types.builtin_function_or_method_type)
}

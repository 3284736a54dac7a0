//! Turns the reports of probes into events: frame, line and changes. Called by `observer`; writes to the sink.

use std::{collections::HashMap, ops::ControlFlow, rc::Rc};

use rustpython_vm::{
    AsObject, PyObject, VirtualMachine,
    builtins::{PyBaseException, PyInt},
    bytecode::CodeFlags,
    frame::{InterpreterFrame, current_thread_frame, current_thread_iframe},
};
use tracemill_trace::{
    Encoder, EventKind, Label, Outcome, Value, ValueRef,
    wire::{Call, EventFields},
};

use super::{
    changes::{ChangeWriter, RecordedValue, ValueOptions},
    frame::{CodeState, LiveFrame, Position},
    frame_variables,
    loop_iterators::LoopIterator,
    object_table::ObjectTable,
    value_stack::{self, ValueStack},
};
use crate::{
    engine::SharedSink,
    engines::rustpython::{
        analysis::{object_lifetime::Lifetimes, side_effects::Mutates},
        instrumentation::{line_effects::LineEffect, probe::Probe, site::Site},
        runtime::{labels, stdio},
        values::{exceptions, messages, repr::render},
    },
};

/// Records the events of one execution.
pub(crate) struct Recorder {
    sink: SharedSink,
    pub(crate) options: ValueOptions,
    pub(crate) encoder: Encoder,
    pub(crate) objects: ObjectTable,
    pub(crate) live: Vec<LiveFrame>,
    suspended: HashMap<usize, LiveFrame>,
    pub(crate) codes: Vec<CodeState>,
    frames: u32,
    pub(crate) epoch: u64,
    /// The number of events recorded, and how many there may be.
    pub(crate) recorded: u64,
    max_events: u64,
    /// The sink takes nothing more.
    is_over: bool,
    /// Output since the previous event.
    pub(crate) output: String,
    /// The line at which the exception was raised that is about to leave a frame.
    raised_line: Option<u32>,
    /// The probe before reported that the next instruction is fallen into.
    was_fallen_into: bool,
    /// For frames that have returned, while no frame above them has run on: how many frames were left running, and how
    /// many suspended frames have ended since.
    returned: Vec<(usize, u32)>,
    /// The `StopIteration` that has just left a frame of the unit.
    stop_iteration: Option<String>,
}

/// Stands for an unknown instruction.
const UNKNOWN_INSTRUCTION: u32 = u32::MAX;

/// Whether the program goes on, or the limit that stops it.
pub(crate) type Progress = ControlFlow<Outcome>;
/// The program goes on.
pub(crate) const CONTINUE: Progress = ControlFlow::Continue(());

impl Recorder {
    /// A recorder for one execution of at most `max_events` events.
    pub(crate) fn new(sink: SharedSink, options: ValueOptions, max_events: u64) -> Self {
        Recorder {
            sink,
            options,
            encoder: Encoder::default(),
            objects: ObjectTable::default(),
            live: Vec::new(),
            suspended: HashMap::new(),
            codes: Vec::new(),
            frames: 0,
            epoch: 0,
            recorded: 0,
            max_events,
            is_over: false,
            output: String::new(),
            raised_line: None,
            was_fallen_into: false,
            returned: Vec::new(),
            stop_iteration: None,
        }
    }

    /// Takes the report of a probe of the unit's code.
    #[inline]
    pub(crate) fn probe(&mut self, probe: &Probe, top: Option<&PyObject>, vm: &VirtualMachine) -> Progress {
        let key = current_thread_iframe();
        let was_fallen_into = std::mem::take(&mut self.was_fallen_into);
        // A generator is left by `StopIteration` right before its loop is exhausted.
        let stop_iteration = self.stop_iteration.take();
        if probe.info.records_instructions() && probe.site.has_run_before() {
            if !self.unwind_to(key) {
                return CONTINUE;
            }
            let observed = self.record_up_to(probe.place, vm)?;
            self.observe_loop(probe, top, vm);
            let pushed =
                top.filter(|_| matches!(probe.site, Site::Instruction | Site::LoopItem(_) | Site::LoopIterator(_)));
            self.observe(observed, probe.place, pushed, vm);
        }
        match probe.site {
            Site::Line | Site::LineFallenInto => {
                self.was_fallen_into = probe.site == Site::LineFallenInto;
                if !self.unwind_to(key) {
                    return CONTINUE;
                }
                self.event(EventKind::Line, probe.line, probe.op, EventFields::default(), vm)
            }
            Site::FallenInto => {
                self.was_fallen_into = true;
                CONTINUE
            }
            Site::LineIfJumpedTo | Site::LineIfOtherBefore => {
                if was_fallen_into || !self.unwind_to(key) {
                    return CONTINUE;
                }
                let before = |live: &LiveFrame| live.line_before_handler.unwrap_or(live.line);
                if probe.site == Site::LineIfOtherBefore
                    && self.live.last().is_some_and(|live| before(live) == probe.line)
                {
                    return CONTINUE;
                }
                self.event(EventKind::Line, probe.line, probe.op, EventFields::default(), vm)
            }
            Site::Instruction => CONTINUE,
            Site::LoopIterable(_) | Site::LoopIterator(_) | Site::LoopItem(_) | Site::GivenLoopItem(_) => {
                if !probe.info.records_instructions() && self.unwind_to(key) {
                    self.observe_loop(probe, top, vm);
                }
                CONTINUE
            }
            Site::Call => self.call(key, probe, vm),
            Site::Resume => {
                if !self.resume(key, vm)? {
                    return CONTINUE;
                }
                self.event(EventKind::Resume, probe.line, probe.op, EventFields::default(), vm)?;
                self.begin_instructions(probe.place, vm);
                CONTINUE
            }
            Site::Return | Site::Yield => match top {
                Some(top) if self.unwind_to(key) => self.leave_with_value(probe, top, vm),
                _ => CONTINUE,
            },
            Site::Raise | Site::Handled | Site::Unwind | Site::UnwindAgain => {
                match top.and_then(|top| top.downcast_ref::<PyBaseException>()) {
                    Some(exception) => self.exception(key, probe, exception, vm),
                    None => CONTINUE,
                }
            }
            Site::RaisedAt => {
                self.raised_line = top.and_then(line_of_code_unit);
                CONTINUE
            }
            Site::RaisesAgain => {
                if self.unwind_to(key)
                    && let Some(live) = self.live.last_mut()
                {
                    live.line_before_handler = top.and_then(line_of_code_unit);
                }
                CONTINUE
            }
            Site::BareRaise
            | Site::SetRead
            | Site::SetUpdated
            | Site::SetOperand
            | Site::Point(..)
            | Site::Branch(_)
            | Site::BranchOnNone(_) => CONTINUE,
            Site::LoopExhausted => {
                // CPython's rule: the end of an iterator is an exception event only where code of the program raised
                // it.
                match stop_iteration {
                    Some(text) if self.unwind_to(key) => {
                        let line = self.live.last().map_or(probe.line, |live| live.line);
                        let fields = EventFields { exception: Some(&text), ..EventFields::default() };
                        self.event(EventKind::Exception, line, probe.op, fields, vm)
                    }
                    _ => CONTINUE,
                }
            }
        }
    }

    /// Takes the report of a probe of a loop in the topmost frame.
    #[inline]
    fn observe_loop(&mut self, probe: &Probe, top: Option<&PyObject>, vm: &VirtualMachine) {
        let (Site::LoopIterable(number)
        | Site::LoopIterator(number)
        | Site::LoopItem(number)
        | Site::GivenLoopItem(number)) = probe.site
        else {
            return;
        };
        let options = self.options;
        let Some(known) = self.live.last_mut().and_then(|live| live.loops.get_mut(number as usize)) else { return };
        match (probe.site, top, &mut *known) {
            (Site::LoopIterable(_), Some(top), _) => *known = Some(LoopIterator::over_iterable(top, options, vm)),
            (Site::LoopIterator(_), Some(top), _) => {
                known.get_or_insert_with(|| LoopIterator::over_iterable(top, options, vm)).start(top, vm);
            }
            (Site::LoopItem(_), _, Some(known)) => known.draw(),
            // A loop over an iterator that it did not make begins when it first draws.
            (Site::GivenLoopItem(_), Some(iterator), _) => {
                let known = known.get_or_insert_with(|| {
                    let mut known = LoopIterator::over_iterator(iterator, options, vm);
                    // The draw below subtracts one.
                    known.left = known.left.map(|left| left + 1);
                    known
                });
                known.draw();
            }
            _ => {}
        }
    }

    /// The topmost frame is about to run its first instruction, or the first one since it was suspended.
    fn begin_instructions(&mut self, at: u32, vm: &VirtualMachine) {
        if let Some(live) = self.live.last_mut().filter(|live| live.info.records_instructions()) {
            live.position.set(at, true);
            self.observe(None, at, None, vm);
        }
    }

    /// The execution is over. Records what was running when it was stopped.
    pub(crate) fn end(&mut self, vm: &VirtualMachine) {
        if !self.is_over {
            // The program has stopped already.
            let _ = self.record_begun(vm);
        }
        let is_left = |live: &LiveFrame| live.frame.iframe().code().code.flags.contains(CodeFlags::ASYNC_GENERATOR);
        if self.suspended.values().any(is_left) {
            labels::note(Label::EndOrder);
        }
    }

    fn call(&mut self, key: *const InterpreterFrame, probe: &Probe, vm: &VirtualMachine) -> Progress {
        let Some(frame) = current_thread_frame() else { return CONTINUE };
        self.record_begun(vm)?;
        self.epoch += 1;
        // A suspended generator that was dropped has left its address behind.
        self.suspended.remove(&(key as usize));
        let info = &probe.info;
        let known = self.codes.iter().position(|code| Rc::ptr_eq(&code.info, info));
        let code_index = known.unwrap_or_else(|| {
            let variables = info.variables.iter().map(|(scope, name)| (*scope, name.as_str()));
            self.encoder.code(&info.function, variables, &info.operations);
            self.codes.push(CodeState { info: Rc::clone(info), names: HashMap::new() });
            self.codes.len() - 1
        }) as u32;
        let unbound = |count: usize| std::iter::repeat_with(|| RecordedValue::Unbound).take(count).collect();
        let call =
            Call { parent_index: self.live.last().map(|live| live.index), depth: self.live.len() as u32, code_index };
        let loops = info.variables.len() - info.first_iterator as usize;
        self.live.push(LiveFrame {
            key,
            frame,
            index: self.frames,
            code_index,
            slots: unbound(info.slots.len()),
            globals: unbound(info.globals.len()),
            names: Vec::new(),
            loops: std::iter::repeat_with(|| None).take(loops).collect(),
            stack: ValueStack::default(),
            position: Position::default(),
            info: Rc::clone(info),
            line: 0,
            epoch: 0,
            effect: None,
            line_before_handler: None,
            suspended_at: 0,
        });
        self.frames += 1;
        if let (Some(number), Some(live)) = (info.argument_loop, self.live.last_mut()) {
            live.loops[number as usize] = frame_variables::first_variable(&live.frame)
                .map(|iterator| LoopIterator::over_iterator(&iterator, self.options, vm));
        }
        self.event(
            EventKind::Call,
            probe.line,
            probe.op,
            EventFields { call: Some(call), ..EventFields::default() },
            vm,
        )?;
        // No line runs yet, so the first one begins whatever its number.
        if let Some(live) = self.live.last_mut() {
            live.line = 0;
        }
        self.begin_instructions(probe.place, vm);
        CONTINUE
    }

    /// Makes a suspended frame the topmost one; `false` where it is not known.
    fn resume(&mut self, key: *const InterpreterFrame, vm: &VirtualMachine) -> ControlFlow<Outcome, bool> {
        match self.suspended.remove(&(key as usize)) {
            Some(live) => {
                self.record_begun(vm)?;
                self.epoch += 1;
                self.live.push(live);
                ControlFlow::Continue(true)
            }
            None => ControlFlow::Continue(false),
        }
    }

    fn leave_with_value(&mut self, probe: &Probe, top: &PyObject, vm: &VirtualMachine) -> Progress {
        // Records the instruction itself.
        self.record_begun(vm)?;
        let kind = if probe.site == Site::Return { EventKind::Return } else { EventKind::Yield };
        let line = match probe.line {
            0 => self.live.last().map_or(0, |live| live.line),
            line => line,
        };
        let value = render(top, self.options.limit, vm);
        let fields = EventFields { value: Some(by_ref(&value)), ..EventFields::default() };
        let flow = self.event(kind, line, probe.op, fields, vm);
        self.epoch += 1;
        match (self.live.pop(), kind) {
            (Some(mut live), EventKind::Yield) => {
                live.suspended_at = probe.op;
                self.suspended.insert(live.key as usize, live);
            }
            _ => {
                let running = self.live.len();
                self.returned.retain(|(known, _)| *known < running);
                self.returned.push((running, 0));
            }
        }
        flow
    }

    fn exception(
        &mut self,
        key: *const InterpreterFrame,
        probe: &Probe,
        exception: &rustpython_vm::Py<PyBaseException>,
        vm: &VirtualMachine,
    ) -> Progress {
        let raised_line = self.raised_line.take();
        let mut before = None;
        if let Some(live) = self.suspended.get(&(key as usize)) {
            // An exception was thrown into it.
            let (line, op) = (live.line, live.suspended_at);
            self.resume(key, vm)?;
            self.event(EventKind::Resume, line, op, EventFields::default(), vm)?;
            before = Some(0);
            // When a frame returns, CPython ends its variables last to first, the engine first to last.
            let running = self.live.len() - 1;
            if let Some((_, ended)) = self.returned.iter_mut().find(|(known, _)| *known == running) {
                *ended += 1;
                if *ended > 1 {
                    labels::note(Label::EndOrder);
                }
            }
        }
        if !self.unwind_to(key) {
            return CONTINUE;
        }
        if probe.site != Site::Handled {
            self.record_begun(vm)?;
        }
        if matches!(probe.site, Site::Raise | Site::Unwind) {
            messages::correct(exception, vm);
        }
        let text = exceptions::summary(exception, self.options.limit, vm);
        let running = self.live.last().map_or(0, |live| live.line);
        let (raised_op, line) = match self.live.last().and_then(|live| raised_at(exception, live)) {
            Some((op, line)) => (op, raised_line.unwrap_or(line)),
            None => (UNKNOWN_INSTRUCTION, raised_line.unwrap_or(running)),
        };
        let fields = EventFields { exception: Some(&text), ..EventFields::default() };
        if probe.site == Site::Handled {
            return self.event(EventKind::Handled, running, probe.op, fields, vm);
        }
        if probe.site != Site::UnwindAgain {
            self.event(EventKind::Exception, line, raised_op, fields, vm)?;
            if let Some(live) = self.live.last_mut() {
                live.line_before_handler = before;
                live.position.leave(probe.place);
            }
        }
        if probe.site != Site::Raise {
            self.event(EventKind::Unwind, line, probe.op, fields, vm)?;
            self.epoch += 1;
            let left = self.live.pop();
            if let Some(left) = left.filter(|_| self.options.lifetimes != Lifetimes::Unobservable) {
                frame_variables::keep_variables(&left.frame, vm);
            }
            self.stop_iteration = exception.class().is(vm.ctx.exceptions.stop_iteration).then_some(text);
        }
        CONTINUE
    }

    /// Drops the frames above a running one; `false` when the start of the frame was not recorded.
    #[inline]
    fn unwind_to(&mut self, key: *const InterpreterFrame) -> bool {
        if self.live.last().is_some_and(|live| live.key == key) {
            return true;
        }
        match self.live.iter().rposition(|live| live.key == key) {
            Some(at) => {
                self.live.truncate(at + 1);
                true
            }
            None => false,
        }
    }

    /// Records an event of the topmost frame, with what changed since its last one.
    #[inline]
    fn event(&mut self, kind: EventKind, line: u32, op: u32, fields: EventFields<'_>, vm: &VirtualMachine) -> Progress {
        let running = self.live.len();
        self.returned.retain(|(known, _)| *known < running);
        // Where instructions are recorded, changes were found when the last instruction had run, unless it was cut
        // short.
        let is_known = self.live.last().is_some_and(|live| live.info.records_instructions())
            && !matches!(kind, EventKind::Call | EventKind::Resume | EventKind::Exception | EventKind::Unwind);
        if !is_known {
            self.record_changes(op, vm);
        }
        let Recorder { live, encoder, sink, output, .. } = self;
        let Some(live) = live.last_mut() else { return CONTINUE };
        live.line = line;
        live.line_before_handler = None;
        live.effect = if kind == EventKind::Line { live.info.line_effect(op) } else { None };
        stdio::take_pending(output);
        let record = encoder.event(kind, live.index, line, EventFields { output, ..fields });
        self.recorded += 1;
        let flow = sink.borrow_mut().record(record, 1);
        self.is_over = flow.is_break();
        output.clear();
        flow
    }

    /// Records `count` instructions of the topmost frame that follow each other.
    #[inline]
    pub(crate) fn record_instructions(&mut self, first: u32, count: u32, line: u32) -> Progress {
        let Recorder { live, encoder, sink, output, recorded, max_events, is_over, .. } = self;
        let Some(live) = live.last_mut() else { return CONTINUE };
        let count = u32::try_from(max_events.saturating_sub(*recorded)).map_or(count, |left| count.min(left));
        let fields = EventFields { instruction: Some((first, count)), output, ..EventFields::default() };
        let record = encoder.event(EventKind::Instruction, live.index, line, fields);
        *recorded += u64::from(count);
        let flow = sink.borrow_mut().record(record, count);
        *is_over = flow.is_break();
        output.clear();
        flow
    }

    /// Records what changed in the topmost frame.
    #[inline]
    fn record_changes(&mut self, op: u32, vm: &VirtualMachine) {
        let Recorder { live, encoder, codes, options, epoch, objects, .. } = self;
        let Some(live) = live.last_mut() else { return };
        let ran_alone = live.epoch == *epoch;
        let draws_plainly = |mut draws: u64| {
            while draws != 0 {
                let known = live.loops.get(draws.trailing_zeros() as usize).and_then(Option::as_ref);
                if !known.is_some_and(|known| known.is_plain) {
                    return false;
                }
                draws &= draws - 1;
            }
            true
        };
        let (mutated, stored) = match live.effect.filter(|_| ran_alone) {
            Some(LineEffect { mutates, stored, draws }) => {
                (if draws_plainly(draws) { mutates } else { Mutates::Anything }, stored)
            }
            None => (Mutates::Anything, frame_variables::ALL),
        };
        objects.event += 1;
        let mut changes = ChangeWriter { encoder, objects, options: *options, vm };
        frame_variables::record_changes(live, codes, mutated, stored, &mut changes);
        #[cfg(test)]
        super::frame_snapshot::take(self.recorded, live, changes.options.limit, vm);
        let first_iterator = live.info.first_iterator;
        if !live.loops.is_empty() {
            let running = live.info.running.get(op as usize).map_or(&[][..], Vec::as_slice);
            for (number, known) in live.loops.iter_mut().enumerate() {
                let runs = op == UNKNOWN_INSTRUCTION || running.contains(&(number as u32));
                LoopIterator::record(known, runs, first_iterator + number as u32, &mut changes);
            }
        }
        live.epoch = *epoch;
    }
}

/// The instruction of the frame that raised the exception, and its line, from the traceback.
fn raised_at(exception: &PyBaseException, live: &LiveFrame) -> Option<(u32, u32)> {
    let traceback = exception.__traceback__().filter(|traceback| traceback.frame.is(&live.frame))?;
    let unit = u32::try_from(traceback.lasti).ok()? / 2;
    let op = value_stack::instruction_of_unit(live.info.origins.get()?, unit)?;
    Some((op as u32, traceback.lineno.get() as u32))
}

/// The line of the code unit with this number, in the code that runs.
fn line_of_code_unit(unit: &PyObject) -> Option<u32> {
    let unit = usize::try_from(unit.downcast_ref::<PyInt>()?.as_bigint()).ok()?;
    let frame = current_thread_frame()?;
    let location = frame.iframe().code().code.locations.get(unit)?;
    Some(location.0.line.get() as u32)
}

/// A value in the encoder's form.
pub(crate) fn by_ref(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Int(number) => ValueRef::Int(*number),
        Value::Text { repr, type_name, full_chars } => ValueRef::Text { repr, type_name, full_chars: *full_chars },
    }
}

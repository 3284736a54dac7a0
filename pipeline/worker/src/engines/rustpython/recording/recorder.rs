//! From probes to events: which frame, which line, what changed. Called by `probe`, tells the sink.

use std::{collections::HashMap, ops::ControlFlow, rc::Rc};

use rustpython_vm::{
    AsObject, PyObject, VirtualMachine,
    builtins::{PyBaseException, PyInt},
    bytecode::CodeFlags,
    frame::{InterpreterFrame, current_thread_frame, current_thread_iframe},
};
use tracemill_trace::{
    Encoder, EventKind, Label, Outcome, Value, ValueRef,
    wire::{Call, Said},
};

use super::{
    changes::{Look, Shadow, Teller},
    frame::{CodeState, Live, Position},
    frame_variables,
    loop_iterators::Loop,
    object_table::Heap,
    value_stack::{self, Stack},
};
use crate::{
    engine::SharedSink,
    engines::rustpython::{
        analysis::{object_lifetime::Ends, side_effects::Mutates},
        instrumentation::{line_effects::Region, probe::Probe, site::Site},
        runtime::{labels, stdio},
        values::{exceptions, messages, repr::render},
    },
};

/// Makes events of one execution.
pub(crate) struct Recorder {
    sink: SharedSink,
    pub(crate) look: Look,
    pub(crate) encoder: Encoder,
    pub(crate) heap: Heap,
    pub(crate) live: Vec<Live>,
    asleep: HashMap<usize, Live>,
    pub(crate) codes: Vec<CodeState>,
    frames: u32,
    pub(crate) epoch: u64,
    /// Events told, and how many may be.
    pub(crate) told: u64,
    most: u64,
    /// The sink takes nothing more.
    is_over: bool,
    /// What was written since the event before.
    pub(crate) output: String,
    /// The line at which the exception that is about to leave a frame was raised there.
    raised_line: Option<u32>,
    /// The probe before this one said that what follows is reached without a jump.
    fallen: bool,
    /// For frames that have returned with none above them running on since: how many those are, and how many sleeping
    /// frames were ended since.
    ending: Vec<(usize, u32)>,
    /// A frame of the unit was just left by this `StopIteration`.
    stopped: Option<String>,
}

/// Stands for an instruction that is not known.
const ANYWHERE: u32 = u32::MAX;

pub(crate) type Flow = ControlFlow<Outcome>;
pub(crate) const ON: Flow = ControlFlow::Continue(());

impl Recorder {
    /// A recorder for one execution of at most `most` events.
    pub(crate) fn new(sink: SharedSink, look: Look, most: u64) -> Self {
        Recorder {
            sink,
            look,
            encoder: Encoder::default(),
            heap: Heap::default(),
            live: Vec::new(),
            asleep: HashMap::new(),
            codes: Vec::new(),
            frames: 0,
            epoch: 0,
            told: 0,
            most,
            is_over: false,
            output: String::new(),
            raised_line: None,
            fallen: false,
            ending: Vec::new(),
            stopped: None,
        }
    }

    /// Takes one probe of the unit's code.
    #[inline]
    pub(crate) fn probe(&mut self, probe: &Probe, top: Option<&PyObject>, vm: &VirtualMachine) -> Flow {
        let key = current_thread_iframe();
        let fallen = std::mem::take(&mut self.fallen);
        // What a loop draws from is left right before the loop is told that nothing came.
        let stopped = self.stopped.take();
        if probe.info.is_fine() && probe.site.is_passed() {
            if !self.surface(key) {
                return ON;
            }
            let stop = self.tell_up_to(probe.place, vm)?;
            self.loops(probe, top, vm);
            let pushed = top.filter(|_| matches!(probe.site, Site::Instruction | Site::Draw(_) | Site::Begins(_)));
            self.look(stop, probe.place, pushed, vm);
        }
        match probe.site {
            Site::Line | Site::LineByFalling => {
                self.fallen = probe.site == Site::LineByFalling;
                if !self.surface(key) {
                    return ON;
                }
                self.event(EventKind::Line, probe.line, probe.op, Said::default(), vm)
            }
            Site::Falls => {
                self.fallen = true;
                ON
            }
            Site::LineUnlessFallen | Site::LineIfOther => {
                if fallen || !self.surface(key) {
                    return ON;
                }
                let before = |live: &Live| live.before.unwrap_or(live.line);
                if probe.site == Site::LineIfOther && self.live.last().is_some_and(|live| before(live) == probe.line) {
                    return ON;
                }
                self.event(EventKind::Line, probe.line, probe.op, Said::default(), vm)
            }
            Site::Instruction => ON,
            Site::Walks(_) | Site::Begins(_) | Site::Draw(_) | Site::DrawFrom(_) => {
                if !probe.info.is_fine() && self.surface(key) {
                    self.loops(probe, top, vm);
                }
                ON
            }
            Site::Call => self.call(key, probe, vm),
            Site::Resume => {
                if !self.wake(key, vm)? {
                    return ON;
                }
                self.event(EventKind::Resume, probe.line, probe.op, Said::default(), vm)?;
                self.starts(probe.place, vm);
                ON
            }
            Site::Return | Site::Yield => match top {
                Some(top) if self.surface(key) => self.hand_out(probe, top, vm),
                _ => ON,
            },
            Site::Raise | Site::Handled | Site::Unwind | Site::UnwindAgain => {
                match top.and_then(|top| top.downcast_ref::<PyBaseException>()) {
                    Some(exception) => self.exception(key, probe, exception, vm),
                    None => ON,
                }
            }
            Site::RaisedAt => {
                self.raised_line = top.and_then(line_of_unit);
                ON
            }
            Site::RaisesAgain => {
                if self.surface(key)
                    && let Some(live) = self.live.last_mut()
                {
                    live.before = top.and_then(line_of_unit);
                }
                ON
            }
            Site::BareRaise
            | Site::Reads
            | Site::Updates
            | Site::Adds
            | Site::Point(..)
            | Site::Decides(_)
            | Site::DecidesOnNone(_) => ON,
            Site::Exhausted => {
                // The end of an iterator is no exception, unless code of the program raised it: CPython's rule.
                match stopped {
                    Some(text) if self.surface(key) => {
                        let line = self.live.last().map_or(probe.line, |live| live.line);
                        let said = Said { exception: Some(&text), ..Said::default() };
                        self.event(EventKind::Exception, line, probe.op, said, vm)
                    }
                    _ => ON,
                }
            }
        }
    }

    /// What a probe of a loop of the topmost frame says about the loop.
    #[inline]
    fn loops(&mut self, probe: &Probe, top: Option<&PyObject>, vm: &VirtualMachine) {
        let (Site::Walks(number) | Site::Begins(number) | Site::Draw(number) | Site::DrawFrom(number)) = probe.site
        else {
            return;
        };
        let look = self.look;
        let Some(known) = self.live.last_mut().and_then(|live| live.loops.get_mut(number as usize)) else { return };
        match (probe.site, top, &mut *known) {
            (Site::Walks(_), Some(top), _) => *known = Some(Loop::walking(top, look, vm)),
            (Site::Begins(_), Some(top), _) => {
                known.get_or_insert_with(|| Loop::walking(top, look, vm)).begin(top, vm);
            }
            (Site::Draw(_), _, Some(known)) => known.draw(),
            // A loop over an iterator that came from elsewhere begins when it first draws.
            (Site::DrawFrom(_), Some(iterator), _) => {
                let known = known.get_or_insert_with(|| {
                    let mut known = Loop::over(iterator, look, vm);
                    // The draw that follows takes one off.
                    known.left = known.left.map(|left| left + 1);
                    known
                });
                known.draw();
            }
            _ => {}
        }
    }

    /// The topmost frame is about to run its first instruction, or the first one since it slept.
    fn starts(&mut self, at: u32, vm: &VirtualMachine) {
        if let Some(live) = self.live.last_mut().filter(|live| live.info.is_fine()) {
            live.position.set(at, true);
            self.look(None, at, None, vm);
        }
    }

    /// The execution is over: what was running when it was stopped is told.
    pub(crate) fn end(&mut self, vm: &VirtualMachine) {
        if !self.is_over {
            // The program has stopped already.
            let _ = self.tell_begun(vm);
        }
        let is_left = |live: &Live| live.frame.iframe().code().code.flags.contains(CodeFlags::ASYNC_GENERATOR);
        if self.asleep.values().any(is_left) {
            labels::note(Label::EndOrder);
        }
    }

    fn call(&mut self, key: *const InterpreterFrame, probe: &Probe, vm: &VirtualMachine) -> Flow {
        let Some(frame) = current_thread_frame() else { return ON };
        self.tell_begun(vm)?;
        self.epoch += 1;
        // A generator that was dropped asleep has left its address behind.
        self.asleep.remove(&(key as usize));
        let info = &probe.info;
        let known = self.codes.iter().position(|code| Rc::ptr_eq(&code.info, info));
        let code_index = known.unwrap_or_else(|| {
            let variables = info.variables.iter().map(|(scope, name)| (*scope, name.as_str()));
            self.encoder.code(&info.function, variables, &info.operations);
            self.codes.push(CodeState { info: Rc::clone(info), names: HashMap::new() });
            self.codes.len() - 1
        }) as u32;
        let shadows = |count: usize| std::iter::repeat_with(|| Shadow::Unbound).take(count).collect();
        let call =
            Call { parent_index: self.live.last().map(|live| live.index), depth: self.live.len() as u32, code_index };
        let loops = info.variables.len() - info.first_iterator as usize;
        self.live.push(Live {
            key,
            frame,
            index: self.frames,
            code_index,
            slots: shadows(info.slots.len()),
            globals: shadows(info.globals.len()),
            names: Vec::new(),
            loops: std::iter::repeat_with(|| None).take(loops).collect(),
            stack: Stack::default(),
            position: Position::default(),
            info: Rc::clone(info),
            line: 0,
            epoch: 0,
            region: None,
            before: None,
            asleep_at: 0,
        });
        self.frames += 1;
        if let (Some(number), Some(live)) = (info.given, self.live.last_mut()) {
            live.loops[number as usize] =
                frame_variables::first_variable(&live.frame).map(|iterator| Loop::over(&iterator, self.look, vm));
        }
        self.event(EventKind::Call, probe.line, probe.op, Said { call: Some(call), ..Said::default() }, vm)?;
        // No line runs yet: the first one begins whatever its number.
        if let Some(live) = self.live.last_mut() {
            live.line = 0;
        }
        self.starts(probe.place, vm);
        ON
    }

    /// Puts a sleeping frame on top of the stack.
    fn wake(&mut self, key: *const InterpreterFrame, vm: &VirtualMachine) -> ControlFlow<Outcome, bool> {
        match self.asleep.remove(&(key as usize)) {
            Some(live) => {
                self.tell_begun(vm)?;
                self.epoch += 1;
                self.live.push(live);
                ControlFlow::Continue(true)
            }
            None => ControlFlow::Continue(false),
        }
    }

    fn hand_out(&mut self, probe: &Probe, top: &PyObject, vm: &VirtualMachine) -> Flow {
        // The instruction that does it.
        self.tell_begun(vm)?;
        let kind = if probe.site == Site::Return { EventKind::Return } else { EventKind::Yield };
        let line = match probe.line {
            0 => self.live.last().map_or(0, |live| live.line),
            line => line,
        };
        let value = render(top, self.look.limit, vm);
        let said = Said { value: Some(by_ref(&value)), ..Said::default() };
        let flow = self.event(kind, line, probe.op, said, vm);
        self.epoch += 1;
        match (self.live.pop(), kind) {
            (Some(mut live), EventKind::Yield) => {
                live.asleep_at = probe.op;
                self.asleep.insert(live.key as usize, live);
            }
            _ => {
                let running = self.live.len();
                self.ending.retain(|(known, _)| *known < running);
                self.ending.push((running, 0));
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
    ) -> Flow {
        let raised_line = self.raised_line.take();
        let mut before = None;
        if let Some(live) = self.asleep.get(&(key as usize)) {
            // Something was thrown in.
            let (line, op) = (live.line, live.asleep_at);
            self.wake(key, vm)?;
            self.event(EventKind::Resume, line, op, Said::default(), vm)?;
            before = Some(0);
            // Of a frame that returns CPython ends the variables last to first, the engine first to last.
            let running = self.live.len() - 1;
            if let Some((_, ended)) = self.ending.iter_mut().find(|(known, _)| *known == running) {
                *ended += 1;
                if *ended > 1 {
                    labels::note(Label::EndOrder);
                }
            }
        }
        if !self.surface(key) {
            return ON;
        }
        if probe.site != Site::Handled {
            self.tell_begun(vm)?;
        }
        if matches!(probe.site, Site::Raise | Site::Unwind) {
            messages::correct(exception, vm);
        }
        let text = exceptions::line(exception, self.look.limit, vm);
        let running = self.live.last().map_or(0, |live| live.line);
        let (raised_op, line) = match self.live.last().and_then(|live| raised_at(exception, live)) {
            Some((op, line)) => (op, raised_line.unwrap_or(line)),
            None => (ANYWHERE, raised_line.unwrap_or(running)),
        };
        let said = Said { exception: Some(&text), ..Said::default() };
        if probe.site == Site::Handled {
            return self.event(EventKind::Handled, running, probe.op, said, vm);
        }
        if probe.site != Site::UnwindAgain {
            self.event(EventKind::Exception, line, raised_op, said, vm)?;
            if let Some(live) = self.live.last_mut() {
                live.before = before;
                live.position.leave(probe.place);
            }
        }
        if probe.site != Site::Raise {
            self.event(EventKind::Unwind, line, probe.op, said, vm)?;
            self.epoch += 1;
            let left = self.live.pop();
            if let Some(left) = left.filter(|_| self.look.ends != Ends::Unseen) {
                frame_variables::keep_variables(&left.frame, vm);
            }
            self.stopped = exception.class().is(vm.ctx.exceptions.stop_iteration).then_some(text);
        }
        ON
    }

    /// Makes the frame the topmost one; `false` when its start was not seen.
    #[inline]
    fn surface(&mut self, key: *const InterpreterFrame) -> bool {
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

    /// Tells an event of the topmost frame, with what changed since its last one.
    #[inline]
    fn event(&mut self, kind: EventKind, line: u32, op: u32, said: Said<'_>, vm: &VirtualMachine) -> Flow {
        let running = self.live.len();
        self.ending.retain(|(known, _)| *known < running);
        // Where each instruction is recorded, what changed was found when the last one had run, unless it did not end.
        let is_known = self.live.last().is_some_and(|live| live.info.is_fine())
            && !matches!(kind, EventKind::Call | EventKind::Resume | EventKind::Exception | EventKind::Unwind);
        if !is_known {
            self.changes(op, vm);
        }
        let Recorder { live, encoder, sink, output, .. } = self;
        let Some(live) = live.last_mut() else { return ON };
        live.line = line;
        live.before = None;
        live.region = if kind == EventKind::Line { live.info.region(op) } else { None };
        stdio::take_pending(output);
        let record = encoder.event(kind, live.index, line, Said { output, ..said });
        self.told += 1;
        let flow = sink.borrow_mut().record(record, 1);
        self.is_over = flow.is_break();
        output.clear();
        flow
    }

    /// Tells so many instructions of the topmost frame that follow each other.
    #[inline]
    pub(crate) fn tell_instructions(&mut self, first: u32, count: u32, line: u32) -> Flow {
        let Recorder { live, encoder, sink, output, told, most, is_over, .. } = self;
        let Some(live) = live.last_mut() else { return ON };
        let count = u32::try_from(most.saturating_sub(*told)).map_or(count, |left| count.min(left));
        let said = Said { instruction: Some((first, count)), output, ..Said::default() };
        let record = encoder.event(EventKind::Instruction, live.index, line, said);
        *told += u64::from(count);
        let flow = sink.borrow_mut().record(record, count);
        *is_over = flow.is_break();
        output.clear();
        flow
    }

    /// Finds what changed in the topmost frame.
    #[inline]
    fn changes(&mut self, op: u32, vm: &VirtualMachine) {
        let Recorder { live, encoder, codes, look, epoch, heap, .. } = self;
        let Some(live) = live.last_mut() else { return };
        let quiet = live.epoch == *epoch;
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
        let (mutated, stored) = match live.region.filter(|_| quiet) {
            Some(Region { mutates, stored, draws }) => {
                (if draws_plainly(draws) { mutates } else { Mutates::Anything }, stored)
            }
            None => (Mutates::Anything, frame_variables::ALL),
        };
        heap.event += 1;
        let mut to = Teller { encoder, heap, look: *look, vm };
        frame_variables::changes(live, codes, mutated, stored, &mut to);
        #[cfg(test)]
        super::frame_snapshot::take(self.told, live, to.look.limit, vm);
        let first_iterator = live.info.first_iterator;
        if !live.loops.is_empty() {
            let running = live.info.running.get(op as usize).map_or(&[][..], Vec::as_slice);
            for (number, known) in live.loops.iter_mut().enumerate() {
                let runs = op == ANYWHERE || running.contains(&(number as u32));
                Loop::tell(known, runs, first_iterator + number as u32, &mut to);
            }
        }
        live.epoch = *epoch;
    }
}

/// The instruction of the frame that raised the exception there, and its line, as the traceback says.
fn raised_at(exception: &PyBaseException, live: &Live) -> Option<(u32, u32)> {
    let traceback = exception.__traceback__().filter(|traceback| traceback.frame.is(&live.frame))?;
    let unit = u32::try_from(traceback.lasti).ok()? / 2;
    let op = value_stack::origin(live.info.origins.get()?, unit)?;
    Some((op as u32, traceback.lineno.get() as u32))
}

/// The line of a unit of the code that runs, of which this is the number.
fn line_of_unit(unit: &PyObject) -> Option<u32> {
    let unit = usize::try_from(unit.downcast_ref::<PyInt>()?.as_bigint()).ok()?;
    let frame = current_thread_frame()?;
    let location = frame.iframe().code().code.locations.get(unit)?;
    Some(location.0.line.get() as u32)
}

/// A value as the encoder takes it.
pub(crate) fn by_ref(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Int(number) => ValueRef::Int(*number),
        Value::Text { repr, type_name, full_chars } => ValueRef::Text { repr, type_name, full_chars: *full_chars },
    }
}

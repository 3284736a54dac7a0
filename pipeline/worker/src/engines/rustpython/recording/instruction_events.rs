//! From probes to events at instruction granularity: which instructions have run since the last probe, and what they
//! did. Part of the recorder.
//!
//! Not every instruction has a probe. A frame remembers the instruction that it will run next; when a probe comes, the
//! steps from there to the probe have run, and what they did follows from them (`steps`). A step that must be looked at
//! (a *stop*) is always followed by a probe:
//!
//! ```text
//!  LOAD_FAST a, b   what holds follows from the variables
//!  BINARY_OP +      a stop: the probe behind it is handed the sum       ▷ tells LOAD_FAST, BINARY_OP; looks at the sum
//!  STORE_FAST c     c gets what the stack's top was
//!  LOAD_FAST c      the next line begins: a probe                       ▷ tells STORE_FAST; c has changed
//! ```
//!
//! What a stop did is told with the instruction that runs next, whenever that is. So before another frame's events come
//! in between, what is known to have begun is told: everything up to the stop that is running.

use std::ops::ControlFlow;

use rustpython_vm::{PyObject, VirtualMachine};

use super::{
    changes::{Shadow, Teller, Variable},
    frame::Live,
    frame_variables::{self, ALL},
    loop_iterators::Loop,
    recorder::{Flow, ON, Recorder},
};
use crate::engines::rustpython::{
    analysis::{control_flow::Effect, side_effects::Mutates},
    instrumentation::stack_effects::{Does, Leads},
    runtime::stdio,
    values::identity::is_immutable,
};

/// Instructions that follow each other and will be told in one record.
struct Run {
    first: u32,
    count: u32,
    line: u32,
}

impl Recorder {
    /// The topmost frame has come to the instruction `to`: tells what ran until there, and gives the stop that ran last.
    pub(crate) fn tell_up_to(
        &mut self,
        to: u32,
        vm: &VirtualMachine,
    ) -> ControlFlow<tracemill_trace::Outcome, Option<u32>> {
        let Some(live) = self.live.last_mut() else { return ControlFlow::Continue(None) };
        let stop = match live.position.inside.take() {
            Some(stop) => Some(stop),
            None if live.position.at == to => None,
            None => self.tell_steps(Some(to), vm)?,
        };
        if let Some(live) = self.live.last_mut() {
            live.position.at = to;
        }
        ControlFlow::Continue(stop)
    }

    /// The topmost frame is inside a stop, whichever comes next: tells what began until then.
    pub(crate) fn tell_begun(&mut self, vm: &VirtualMachine) -> Flow {
        let Some(live) = self.live.last() else { return ON };
        if live.info.is_fine() && live.position.inside.is_none() {
            let stop = self.tell_steps(None, vm)?;
            if let Some(live) = self.live.last_mut() {
                live.position.inside = stop;
            }
        }
        ON
    }

    /// Tells the steps from where the topmost frame is to `to`, or to the first stop, and does what they do.
    fn tell_steps(
        &mut self,
        to: Option<u32>,
        vm: &VirtualMachine,
    ) -> ControlFlow<tracemill_trace::Outcome, Option<u32>> {
        let Some(live) = self.live.last() else { return ControlFlow::Continue(None) };
        let info = std::rc::Rc::clone(&live.info);
        let (mut at, mut run) = (live.position.at, Run { first: live.position.at, count: 0, line: 0 });
        while Some(at) != to {
            let Some(step) = info.steps.get(at as usize) else { break };
            let Some(live) = self.live.last_mut() else { break };
            if step.is_told {
                let line = if step.line == 0 { live.line } else { step.line };
                if run.first + run.count != at || (run.count > 0 && run.line != line) {
                    self.tell_run(&mut run)?;
                    run.first = at;
                }
                run.line = line;
                run.count += 1;
            }
            let is_stop = step.is_stop();
            if let Some((variable, value)) = self.apply(&step.does) {
                self.tell_run(&mut run)?;
                match step.does {
                    Does::StoreTwo(_, second) => {
                        let other = self.live.last_mut().map(|live| live.stack.pop()).unwrap_or_default();
                        // Changes are told in the order of the variables.
                        let (low, high) = ((variable, value), (second, other));
                        let (low, high) = if low.0 <= high.0 { (low, high) } else { (high, low) };
                        self.store(low.0, low.1, vm);
                        self.store(high.0, high.1, vm);
                    }
                    _ => self.store(variable, value, vm),
                }
                if let (Does::StoreLoad(_, loaded), Some(live)) = (&step.does, self.live.last_mut()) {
                    let shadow = live.slots.get(*loaded as usize).cloned().unwrap_or_default();
                    live.stack.push(shadow);
                }
                run.first = at + 1;
            }
            if is_stop {
                self.tell_run(&mut run)?;
                if let Some(live) = self.live.last_mut() {
                    live.position.at = at + 1;
                }
                return ControlFlow::Continue(Some(at));
            }
            at = match step.leads {
                // Where a jump leads there is a probe, which would have come.
                Leads::To(_) if to.is_none() => break,
                Leads::To(target) => target,
                Leads::OnOr(target) if Some(target) == to => target,
                Leads::On | Leads::OnOr(_) => at + 1,
            };
        }
        self.tell_run(&mut run)?;
        ControlFlow::Continue(None)
    }

    /// Does to the stack what a step does; gives the variable that it stores to, and the value.
    #[inline]
    fn apply(&mut self, does: &Does) -> Option<(u32, Shadow)> {
        let live = self.live.last_mut()?;
        let stack = &mut live.stack;
        let load = |slots: &[Shadow], slot: u32| slots.get(slot as usize).cloned().unwrap_or_default();
        match does {
            Does::Nothing | Does::Stop { .. } => {}
            Does::Pop => stack.drop_top(1),
            Does::PushEmpty => stack.push_empty(),
            Does::Load(first, second) => {
                stack.push(load(&live.slots, *first));
                if let Some(second) = second {
                    stack.push(load(&live.slots, *second));
                }
            }
            Does::PushInt(number) => stack.push(Shadow::Int(*number)),
            Does::PushConstant(constant) => stack.push(Shadow::Held(constant.clone())),
            Does::Store(slot) | Does::StoreTwo(slot, _) | Does::StoreLoad(slot, _) => {
                return Some((*slot, stack.pop()));
            }
            Does::Copy(place) => stack.copy(*place as usize),
            Does::Swap(place) => stack.swap(*place as usize),
        }
        None
    }

    fn store(&mut self, slot: u32, value: Shadow, vm: &VirtualMachine) {
        let Recorder { live, encoder, heap, look, .. } = self;
        if let Some(shadow) = live.last_mut().and_then(|live| live.slots.get_mut(slot as usize)) {
            let mut to = Teller { encoder, heap, look: *look, vm };
            shadow.adopt(value, Variable { number: slot, on_stack: false }, &mut to);
        }
    }

    /// Sends a run's record; what was found changed belongs to its first instruction.
    #[inline]
    fn tell_run(&mut self, run: &mut Run) -> Flow {
        if run.count == 0 {
            return ON;
        }
        let Run { first, count, line } = *run;
        (run.first, run.count) = (first + count, 0);
        self.tell_instructions(first, count, line)
    }

    /// The stop `stop` has run, or nothing that must be looked at, and the frame is about to run `at`; `pushed` is the
    /// value that the stop has pushed, where the probe was given it. Looks at what that changed.
    pub(crate) fn look(&mut self, stop: Option<u32>, at: u32, pushed: Option<&PyObject>, vm: &VirtualMachine) {
        let Recorder { live, encoder, codes, look, epoch, heap, output, .. } = self;
        let Some(live) = live.last_mut() else { return };
        heap.event += 1;
        let mut to = Teller { encoder, heap, look: *look, vm };
        let info = std::rc::Rc::clone(&live.info);
        let step = stop.and_then(|stop| Some((stop, info.steps.get(stop as usize)?)));
        let effect = |stop: u32| info.effects.get(stop as usize).copied();
        match step {
            Some((stop, step)) => {
                let Does::Stop { popped, pushed: places, mutates, binds, fills } = step.does else { return };
                let quiet = live.epoch == *epoch;
                let mutated = if quiet { narrowed(live, stop, mutates, pushed, &to) } else { Mutates::Anything };
                if mutated != Mutates::Nothing || binds || !quiet {
                    frame_variables::changes(live, codes, mutated, ALL, &mut to);
                }
                let inside = if fills { Mutates::Anything } else { mutated };
                // One value, or one value and an empty place above it.
                let known = pushed.filter(|_| at == stop + 1 && matches!(places, 1 | 2));
                let is_known = !live.position.unread && at == stop + 1 && (places == 0 || known.is_some());
                if is_known {
                    live.stack.drop_top(popped as usize);
                }
                if is_known && live.stack.look_again(inside, &mut to) {
                    if let Some(object) = known {
                        live.stack.push_told(object, &mut to);
                        if places == 2 {
                            live.stack.push_empty();
                        }
                    }
                } else {
                    let effect = if is_known { None } else { effect(stop) };
                    let effect = effect.unwrap_or(Effect::Replaces { popped: 0 });
                    live.stack.read(&live.frame, &info, at, effect, inside, &mut to);
                }
                stdio::take_pending(output);
            }
            None if live.position.unread => {
                if live.epoch != *epoch {
                    frame_variables::changes(live, codes, Mutates::Anything, ALL, &mut to);
                }
                let effect = Effect::Replaces { popped: 0 };
                live.stack.read(&live.frame, &info, at, effect, Mutates::Anything, &mut to);
            }
            None => {}
        }
        live.position.unread = false;
        live.epoch = *epoch;
        tell_loops(live, at, &mut to);
        #[cfg(test)]
        super::frame_snapshot::take(self.told, live, to.look.limit, vm);
    }
}

/// What changed in a frame's loops, before it runs `at`.
fn tell_loops(live: &mut Live, at: u32, to: &mut Teller<'_>) {
    if live.loops.is_empty() {
        return;
    }
    let first_iterator = live.info.first_iterator;
    let running = live.info.running.get(at as usize).map_or(&[][..], Vec::as_slice);
    for (number, known) in live.loops.iter_mut().enumerate() {
        Loop::tell(known, running.contains(&(number as u32)), first_iterator + number as u32, to);
    }
}

/// What a stop of which it is known on what it worked, and that ran no code of the unit's, can have changed in place.
fn narrowed(live: &Live, stop: u32, mutates: Mutates, pushed: Option<&PyObject>, to: &Teller<'_>) -> Mutates {
    use rustpython_vm::bytecode::Opcode;
    match live.info.opcodes.get(stop as usize) {
        // An item of a list is no default of a dictionary.
        Some(Opcode::BinaryOp) if mutates == Mutates::Dictionaries => match live.stack.entry(1) {
            Some(Shadow::Seen(_)) | None => mutates,
            Some(_) => Mutates::Nothing,
        },
        // What is changed in place is what the operator gives.
        Some(Opcode::BinaryOp) if pushed.is_some_and(|object| is_immutable(object, to.vm)) => Mutates::Nothing,
        Some(Opcode::ForIter) => {
            let running = live.info.running.get(stop as usize).and_then(|running| running.last());
            let walking = running.and_then(|number| live.loops.get(*number as usize)?.as_ref());
            if walking.is_some_and(|known| known.is_plain) { Mutates::Nothing } else { mutates }
        }
        _ => mutates,
    }
}

//! Events at instruction granularity: which instructions have run since the last probe, and what they did. Part of the
//! recorder.
//!
//! Not every instruction has a probe. A frame remembers the first instruction that is not recorded. When a probe is
//! called, the steps from there to the probe have run, and their effects follow from them (`stack_effects`). An
//! *observed* step is always followed by a probe:
//!
//! ```text
//!  LOAD_FAST a, b   follows from the variables
//!  BINARY_OP +      observed: the probe behind it gets the sum     ▷ records LOAD_FAST, BINARY_OP and the sum
//!  STORE_FAST c     follows from the stack
//!  LOAD_FAST c      the next line begins: a probe                  ▷ records STORE_FAST; c has changed
//! ```
//!
//! The effect of an observed step is recorded with the instruction that runs next, whenever that is. So before another
//! frame's events come in between, everything up to the observed step that is running is recorded.

use std::ops::ControlFlow;

use rustpython_vm::{PyObject, VirtualMachine};

use super::{
    changes::{ChangeWriter, RecordedValue, Variable},
    frame::LiveFrame,
    frame_variables::{self, ALL},
    loop_iterators::LoopIterator,
    recorder::{CONTINUE, Progress, Recorder},
};
use crate::engines::rustpython::{
    analysis::{control_flow::StackEffect, side_effects::Mutates},
    instrumentation::stack_effects::{StackAction, Successor},
    runtime::stdio,
    values::identity::is_immutable,
};

/// Instructions that follow each other and go into one record.
struct InstructionRun {
    first: u32,
    count: u32,
    line: u32,
}

impl Recorder {
    /// The topmost frame has come to the instruction `to`. Records what ran until there, and returns the observed step
    /// that ran last.
    pub(crate) fn record_up_to(
        &mut self,
        to: u32,
        vm: &VirtualMachine,
    ) -> ControlFlow<tracemill_trace::Outcome, Option<u32>> {
        let Some(live) = self.live.last_mut() else { return ControlFlow::Continue(None) };
        let observed = match live.position.inside.take() {
            Some(observed) => Some(observed),
            None if live.position.at == to => None,
            None => self.record_steps(Some(to), vm)?,
        };
        if let Some(live) = self.live.last_mut() {
            live.position.at = to;
        }
        ControlFlow::Continue(observed)
    }

    /// The topmost frame is inside the next observed step. Records what has begun until then.
    pub(crate) fn record_begun(&mut self, vm: &VirtualMachine) -> Progress {
        let Some(live) = self.live.last() else { return CONTINUE };
        if live.info.records_instructions() && live.position.inside.is_none() {
            let observed = self.record_steps(None, vm)?;
            if let Some(live) = self.live.last_mut() {
                live.position.inside = observed;
            }
        }
        CONTINUE
    }

    /// Records and applies the steps of the topmost frame up to `to`, or up to the first observed one.
    fn record_steps(
        &mut self,
        to: Option<u32>,
        vm: &VirtualMachine,
    ) -> ControlFlow<tracemill_trace::Outcome, Option<u32>> {
        let Some(live) = self.live.last() else { return ControlFlow::Continue(None) };
        let info = std::rc::Rc::clone(&live.info);
        let (mut at, mut run) = (live.position.at, InstructionRun { first: live.position.at, count: 0, line: 0 });
        while Some(at) != to {
            let Some(step) = info.steps.get(at as usize) else { break };
            let Some(live) = self.live.last_mut() else { break };
            if step.is_recorded {
                let line = if step.line == 0 { live.line } else { step.line };
                if run.first + run.count != at || (run.count > 0 && run.line != line) {
                    self.record_run(&mut run)?;
                    run.first = at;
                }
                run.line = line;
                run.count += 1;
            }
            let is_observed = step.is_observed();
            if let Some((variable, value)) = self.apply(&step.action) {
                self.record_run(&mut run)?;
                match step.action {
                    StackAction::StoreTwo(_, second) => {
                        let other = self.live.last_mut().map(|live| live.stack.pop()).unwrap_or_default();
                        // Changes are recorded in the order of the variables.
                        let (low, high) = ((variable, value), (second, other));
                        let (low, high) = if low.0 <= high.0 { (low, high) } else { (high, low) };
                        self.store(low.0, low.1, vm);
                        self.store(high.0, high.1, vm);
                    }
                    _ => self.store(variable, value, vm),
                }
                if let (StackAction::StoreLoad(_, loaded), Some(live)) = (&step.action, self.live.last_mut()) {
                    let recorded = live.slots.get(*loaded as usize).cloned().unwrap_or_default();
                    live.stack.push(recorded);
                }
                run.first = at + 1;
            }
            if is_observed {
                self.record_run(&mut run)?;
                if let Some(live) = self.live.last_mut() {
                    live.position.at = at + 1;
                }
                return ControlFlow::Continue(Some(at));
            }
            at = match step.successor {
                // The target of a jump has a probe, which would have been called.
                Successor::Jump(_) if to.is_none() => break,
                Successor::Jump(target) => target,
                Successor::NextOr(target) if Some(target) == to => target,
                Successor::Next | Successor::NextOr(_) => at + 1,
            };
        }
        self.record_run(&mut run)?;
        ControlFlow::Continue(None)
    }

    /// Applies a step to the stack. Returns the variable to which it stores, and the value.
    #[inline]
    fn apply(&mut self, action: &StackAction) -> Option<(u32, RecordedValue)> {
        let live = self.live.last_mut()?;
        let stack = &mut live.stack;
        let load = |slots: &[RecordedValue], slot: u32| slots.get(slot as usize).cloned().unwrap_or_default();
        match action {
            StackAction::Nothing | StackAction::Observed { .. } => {}
            StackAction::Pop => stack.drop_top(1),
            StackAction::PushEmpty => stack.push_empty(),
            StackAction::Load(first, second) => {
                stack.push(load(&live.slots, *first));
                if let Some(second) = second {
                    stack.push(load(&live.slots, *second));
                }
            }
            StackAction::PushInt(number) => stack.push(RecordedValue::Int(*number)),
            StackAction::PushConstant(constant) => stack.push(RecordedValue::Immutable(constant.clone())),
            StackAction::Store(slot) | StackAction::StoreTwo(slot, _) | StackAction::StoreLoad(slot, _) => {
                return Some((*slot, stack.pop()));
            }
            StackAction::Copy(place) => stack.copy(*place as usize),
            StackAction::Swap(place) => stack.swap(*place as usize),
        }
        None
    }

    fn store(&mut self, slot: u32, value: RecordedValue, vm: &VirtualMachine) {
        let Recorder { live, encoder, objects, options, .. } = self;
        if let Some(recorded) = live.last_mut().and_then(|live| live.slots.get_mut(slot as usize)) {
            let mut changes = ChangeWriter { encoder, objects, options: *options, vm };
            recorded.assign(value, Variable { number: slot, on_stack: false }, &mut changes);
        }
    }

    /// Sends the record of a run. Changes found before belong to its first instruction.
    #[inline]
    fn record_run(&mut self, run: &mut InstructionRun) -> Progress {
        if run.count == 0 {
            return CONTINUE;
        }
        let InstructionRun { first, count, line } = *run;
        (run.first, run.count) = (first + count, 0);
        self.record_instructions(first, count, line)
    }

    /// The step `observed` has run, or none that is observed, and the frame is about to run `at`. `pushed` is the value
    /// that the step has pushed, where the probe was given it. Records the effect.
    pub(crate) fn observe(&mut self, observed: Option<u32>, at: u32, pushed: Option<&PyObject>, vm: &VirtualMachine) {
        let Recorder { live, encoder, codes, options, epoch, objects, output, .. } = self;
        let Some(live) = live.last_mut() else { return };
        objects.event += 1;
        let mut changes = ChangeWriter { encoder, objects, options: *options, vm };
        let info = std::rc::Rc::clone(&live.info);
        let step = observed.and_then(|observed| Some((observed, info.steps.get(observed as usize)?)));
        let effect = |observed: u32| info.effects.get(observed as usize).copied();
        match step {
            Some((observed, step)) => {
                let StackAction::Observed { popped, pushed: places, mutates, binds, fills } = step.action else {
                    return;
                };
                let ran_alone = live.epoch == *epoch;
                let mutated = if ran_alone {
                    narrow_mutation(live, observed, mutates, pushed, &changes)
                } else {
                    Mutates::Anything
                };
                if mutated != Mutates::Nothing || binds || !ran_alone {
                    frame_variables::record_changes(live, codes, mutated, ALL, &mut changes);
                }
                let inside = if fills { Mutates::Anything } else { mutated };
                // One value, or one value below an empty place.
                let known = pushed.filter(|_| at == observed + 1 && matches!(places, 1 | 2));
                let is_known = !live.position.is_stack_stale && at == observed + 1 && (places == 0 || known.is_some());
                if is_known {
                    live.stack.drop_top(popped as usize);
                }
                if is_known && live.stack.refresh(inside, &mut changes) {
                    if let Some(object) = known {
                        live.stack.push_recorded(object, &mut changes);
                        if places == 2 {
                            live.stack.push_empty();
                        }
                    }
                } else {
                    let effect = if is_known { None } else { effect(observed) };
                    let effect = effect.unwrap_or(StackEffect::Replaces { popped: 0 });
                    live.stack.read(&live.frame, &info, at, effect, inside, &mut changes);
                }
                stdio::take_pending(output);
            }
            None if live.position.is_stack_stale => {
                if live.epoch != *epoch {
                    frame_variables::record_changes(live, codes, Mutates::Anything, ALL, &mut changes);
                }
                let effect = StackEffect::Replaces { popped: 0 };
                live.stack.read(&live.frame, &info, at, effect, Mutates::Anything, &mut changes);
            }
            None => {}
        }
        live.position.is_stack_stale = false;
        live.epoch = *epoch;
        record_loops(live, at, &mut changes);
        #[cfg(test)]
        super::frame_snapshot::take(self.recorded, live, changes.options.limit, vm);
    }
}

/// Records what changed in a frame's loops before it runs `at`.
fn record_loops(live: &mut LiveFrame, at: u32, changes: &mut ChangeWriter<'_>) {
    if live.loops.is_empty() {
        return;
    }
    let first_iterator = live.info.first_iterator;
    let running = live.info.running.get(at as usize).map_or(&[][..], Vec::as_slice);
    for (number, known) in live.loops.iter_mut().enumerate() {
        LoopIterator::record(known, running.contains(&(number as u32)), first_iterator + number as u32, changes);
    }
}

/// What an observed step can have changed in place, given its operands. It ran no code of the unit.
fn narrow_mutation(
    live: &LiveFrame,
    observed: u32,
    mutates: Mutates,
    pushed: Option<&PyObject>,
    changes: &ChangeWriter<'_>,
) -> Mutates {
    use rustpython_vm::bytecode::Opcode;
    match live.info.opcodes.get(observed as usize) {
        // An item of a list is not filled in by default, as one of a dictionary may be.
        Some(Opcode::BinaryOp) if mutates == Mutates::Dictionaries => match live.stack.entry(1) {
            Some(RecordedValue::Rendered(_)) | None => mutates,
            Some(_) => Mutates::Nothing,
        },
        // An operator that changes an object in place pushes that object.
        Some(Opcode::BinaryOp) if pushed.is_some_and(|object| is_immutable(object, changes.vm)) => Mutates::Nothing,
        Some(Opcode::ForIter) => {
            let running = live.info.running.get(observed as usize).and_then(|running| running.last());
            let walking = running.and_then(|number| live.loops.get(*number as usize)?.as_ref());
            if walking.is_some_and(|known| known.is_plain) { Mutates::Nothing } else { mutates }
        }
        _ => mutates,
    }
}

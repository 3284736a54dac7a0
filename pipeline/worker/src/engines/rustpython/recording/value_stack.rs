//! The value stack of a frame, at instruction granularity. Called by `instruction_events`.
//!
//! Most of it follows from the instructions and is kept up without a look at the frame. Otherwise the probe passes one
//! value, or the whole stack is read. The interpreter lists the objects of a frame in one order: its code and
//! namespaces, its variables, then the stack from the bottom without empty places. The code gives the number of places.
//! What the instruction before pushed gives the empty ones: an empty place is always the last thing that an instruction
//! pushes.

use super::changes::{ChangeWriter, RecordedValue, Variable};
use crate::engines::rustpython::{
    analysis::{control_flow::StackEffect, side_effects::Mutates},
    instrumentation::code_info::CodeInfo,
    values::identity::small_int,
};
use rustpython_vm::{
    PyObject, PyObjectRef,
    bytecode::Opcode,
    frame::{FrameObject, FrameObjectRef},
    object::{Traverse, TraverseFn},
};

/// The recorded value stack of a frame.
#[derive(Default)]
pub(crate) struct ValueStack {
    values: Vec<RecordedValue>,
    /// Which places are empty.
    empty: Vec<bool>,
    objects: Vec<*const PyObject>,
}

impl ValueStack {
    /// Pushes a known value.
    #[inline]
    pub(crate) fn push(&mut self, value: RecordedValue) {
        self.values.push(value);
        self.empty.push(false);
    }

    /// Pushes an empty place.
    pub(crate) fn push_empty(&mut self) {
        self.values.push(RecordedValue::Unbound);
        self.empty.push(true);
    }

    /// Pops the top.
    #[inline]
    pub(crate) fn pop(&mut self) -> RecordedValue {
        self.empty.pop();
        self.values.pop().unwrap_or_default()
    }

    /// Drops `count` entries.
    #[inline]
    pub(crate) fn drop_top(&mut self, count: usize) {
        let depth = self.values.len().saturating_sub(count);
        self.values.truncate(depth);
        self.empty.truncate(depth);
    }

    /// Pushes a copy of the entry `place` from the top, where the top is 1.
    pub(crate) fn copy(&mut self, place: usize) {
        let Some(from) = self.values.len().checked_sub(place) else { return };
        self.values.push(self.values[from].clone());
        self.empty.push(self.empty[from]);
    }

    /// Swaps the top with the entry `place` from the top, where the top is 1.
    pub(crate) fn swap(&mut self, place: usize) {
        let length = self.values.len();
        if (1..=length).contains(&place) {
            self.values.swap(length - 1, length - place);
            self.empty.swap(length - 1, length - place);
        }
    }

    /// The entry `place` from the top, where the top is 0.
    pub(crate) fn entry(&self, place: usize) -> Option<&RecordedValue> {
        self.values.len().checked_sub(place + 1).and_then(|at| self.values.get(at))
    }

    /// Records a value that was pushed.
    #[inline]
    pub(crate) fn push_recorded(&mut self, object: &PyObject, changes: &mut ChangeWriter<'_>) {
        let mut value = RecordedValue::Unbound;
        let variable = Variable { number: self.values.len() as u32, on_stack: true };
        value.update(Some(object), Mutates::Nothing, variable, changes);
        self.push(value);
    }

    /// Compares the entries again; `false` when the object of one of them is not held.
    #[inline]
    pub(crate) fn refresh(&mut self, mutated: Mutates, changes: &mut ChangeWriter<'_>) -> bool {
        self.values
            .iter_mut()
            .enumerate()
            .all(|(at, value)| value.refresh(mutated, Variable { number: at as u32, on_stack: true }, changes))
    }

    /// Reads the whole stack and records what changed, before an instruction runs. `effect` is that of the instruction
    /// before.
    pub(crate) fn read(
        &mut self,
        frame: &FrameObjectRef,
        info: &CodeInfo,
        op: u32,
        effect: StackEffect,
        mutated: Mutates,
        changes: &mut ChangeWriter<'_>,
    ) {
        let depth = info.depths.get(op as usize).copied().unwrap_or(0) as usize;
        let raisers = info.raisers.get(op as usize).map_or(&[][..], Vec::as_slice);
        self.objects.clear();
        {
            let objects = &mut self.objects;
            let mut visit = |object: &PyObject| objects.push(object);
            let visit: &mut TraverseFn<'_> = &mut visit;
            // The frame itself: to traverse a reference to it would visit the frame alone.
            let inner: &FrameObject = frame;
            inner.traverse(visit);
        }
        let iframe = frame.iframe();
        #[expect(unsafe_code, reason = "the frame's variables are behind an unsafe function")]
        // SAFETY: this runs inside a probe, on the thread that executes the frame, which waits meanwhile.
        let variables = unsafe { frame.fastlocals() }.iter().flatten().count();
        let before = 3 + usize::from(iframe.func_obj().is_some()) + variables;
        let behind = usize::from(iframe.locals.get().is_some());
        let end = self.objects.len().saturating_sub(behind);
        let full = end.saturating_sub(before).min(depth);
        self.place_empty(effect, depth, depth - full);

        self.values.truncate(depth);
        self.values.resize_with(depth, RecordedValue::default);
        let mut next = before;
        for (at, (value, empty)) in self.values.iter_mut().zip(&self.empty).enumerate() {
            let object = if *empty { None } else { self.objects.get(next).copied() };
            next += usize::from(!*empty);
            #[expect(unsafe_code, reason = "the interpreter hands out its references for the length of a call only")]
            // SAFETY: the frame owns the object, and the frame does not run while this does.
            let object = object.map(|object| unsafe { &*object });
            let unit = object
                .filter(|_| raisers.contains(&(at as u32)))
                .and_then(|object| original_unit(info, object, changes));
            let object = unit.as_deref().or(object);
            value.update(object, mutated, Variable { number: at as u32, on_stack: true }, changes);
        }
    }

    /// Finds which `count` of `depth` places are empty.
    fn place_empty(&mut self, effect: StackEffect, depth: usize, count: usize) {
        let empty = &mut self.empty;
        let length = empty.len();
        match effect {
            StackEffect::Swap(n) if (1..=length).contains(&n) => empty.swap(length - 1, length - n),
            StackEffect::Copy(n) if (1..=length).contains(&n) => empty.push(empty[length - n]),
            StackEffect::Replaces { popped } => empty.truncate(length.saturating_sub(popped)),
            _ => {}
        }
        // An exception may have emptied more places than the instruction would have.
        empty.resize(depth, false);
        let mut known = empty.iter().filter(|empty| **empty).count();
        for place in empty.iter_mut().rev() {
            if known >= count {
                break;
            }
            known += usize::from(!*place);
            *place = true;
        }
        for place in empty.iter_mut().rev() {
            if known <= count {
                break;
            }
            known -= usize::from(*place);
            *place = false;
        }
    }
}

/// The instruction that a code unit of the instrumented code belongs to.
pub(crate) fn instruction_of_unit(origins: &[(u32, u32)], unit: u32) -> Option<usize> {
    origins.partition_point(|(place, _)| *place <= unit).checked_sub(1)
}

/// The number that a code unit had before the code was instrumented.
fn original_unit(info: &CodeInfo, unit: &PyObject, changes: &ChangeWriter<'_>) -> Option<PyObjectRef> {
    let unit = u32::try_from(small_int(unit, changes.vm)?).ok()?;
    let origins = info.origins.get()?;
    let at = instruction_of_unit(origins, unit)?;
    let (_, original) = origins.get(at)?;
    // An exception thrown into a suspended frame is raised where the frame would go on.
    let sleeps = info.opcodes.get(at) == Some(&Opcode::YieldValue);
    Some(changes.vm.ctx.new_int(original + u32::from(sleeps)).into())
}

//! The value stack of a frame, at instruction granularity. Called by `instructions`.
//!
//! Most of it follows from the instructions, and is kept up without looking. Where it does not, one value is handed
//! over by the probe, or the whole stack is read: the interpreter shows a frame's objects in one order, which is what it
//! runs, its variables, then the stack from the bottom, without the places that are empty. How many places there are is
//! known from the code, and which are empty follows from what the instruction before pushed: an empty place is always
//! the last thing that an instruction pushes.

use super::changes::{ChangeWriter, Shadow, Variable};
use crate::engines::rustpython::{
    analysis::{control_flow::Effect, side_effects::Mutates},
    instrumentation::code_info::CodeInfo,
    values::identity::small_int,
};
use rustpython_vm::{
    PyObject, PyObjectRef,
    bytecode::Opcode,
    frame::{FrameObject, FrameObjectRef},
    object::{Traverse, TraverseFn},
};

/// What is on a frame's stack.
#[derive(Default)]
pub(crate) struct ValueStack {
    shadows: Vec<Shadow>,
    /// The places that are empty.
    empty: Vec<bool>,
    objects: Vec<*const PyObject>,
}

impl ValueStack {
    /// Pushes what is known.
    #[inline]
    pub(crate) fn push(&mut self, shadow: Shadow) {
        self.shadows.push(shadow);
        self.empty.push(false);
    }

    /// Pushes an empty place.
    pub(crate) fn push_empty(&mut self) {
        self.shadows.push(Shadow::Unbound);
        self.empty.push(true);
    }

    /// Takes the top.
    #[inline]
    pub(crate) fn pop(&mut self) -> Shadow {
        self.empty.pop();
        self.shadows.pop().unwrap_or_default()
    }

    /// Takes so many entries.
    #[inline]
    pub(crate) fn drop_top(&mut self, count: usize) {
        let depth = self.shadows.len().saturating_sub(count);
        self.shadows.truncate(depth);
        self.empty.truncate(depth);
    }

    /// Pushes the entry so far down again.
    pub(crate) fn copy(&mut self, place: usize) {
        let Some(from) = self.shadows.len().checked_sub(place) else { return };
        self.shadows.push(self.shadows[from].clone());
        self.empty.push(self.empty[from]);
    }

    /// Swaps the top and the entry so far down.
    pub(crate) fn swap(&mut self, place: usize) {
        let length = self.shadows.len();
        if (1..=length).contains(&place) {
            self.shadows.swap(length - 1, length - place);
            self.empty.swap(length - 1, length - place);
        }
    }

    /// The entry so many places from the top, the top being 0.
    pub(crate) fn entry(&self, place: usize) -> Option<&Shadow> {
        self.shadows.len().checked_sub(place + 1).and_then(|at| self.shadows.get(at))
    }

    /// Tells of one value that was pushed.
    #[inline]
    pub(crate) fn push_recorded(&mut self, object: &PyObject, changes: &mut ChangeWriter<'_>) {
        let mut shadow = Shadow::Unbound;
        let variable = Variable { number: self.shadows.len() as u32, on_stack: true };
        shadow.update(Some(object), Mutates::Nothing, variable, changes);
        self.push(shadow);
    }

    /// Looks again at the entries that are there; `false` when it is not known what one of them is.
    #[inline]
    pub(crate) fn refresh(&mut self, mutated: Mutates, changes: &mut ChangeWriter<'_>) -> bool {
        self.shadows
            .iter_mut()
            .enumerate()
            .all(|(at, shadow)| shadow.refresh(mutated, Variable { number: at as u32, on_stack: true }, changes))
    }

    /// Reads the whole stack and tells what changed, before an instruction runs on a stack of `depth` places. `effect` is
    /// what ran.
    pub(crate) fn read(
        &mut self,
        frame: &FrameObjectRef,
        info: &CodeInfo,
        op: u32,
        effect: Effect,
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
            // The frame itself: traversing a reference to it would visit the frame and no more.
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

        self.shadows.truncate(depth);
        self.shadows.resize_with(depth, Shadow::default);
        let mut next = before;
        for (at, (shadow, empty)) in self.shadows.iter_mut().zip(&self.empty).enumerate() {
            let object = if *empty { None } else { self.objects.get(next).copied() };
            next += usize::from(!*empty);
            #[expect(unsafe_code, reason = "the interpreter hands out its references for the length of a call only")]
            // SAFETY: the frame owns the object, and the frame does not run while this does.
            let object = object.map(|object| unsafe { &*object });
            let unit = object
                .filter(|_| raisers.contains(&(at as u32)))
                .and_then(|object| original_unit(info, object, changes));
            let object = unit.as_deref().or(object);
            shadow.update(object, mutated, Variable { number: at as u32, on_stack: true }, changes);
        }
    }

    /// Finds the places that are empty, `count` of `depth`.
    fn place_empty(&mut self, effect: Effect, depth: usize, count: usize) {
        let empty = &mut self.empty;
        let length = empty.len();
        match effect {
            Effect::Swap(n) if (1..=length).contains(&n) => empty.swap(length - 1, length - n),
            Effect::Copy(n) if (1..=length).contains(&n) => empty.push(empty[length - n]),
            Effect::Replaces { popped } => empty.truncate(length.saturating_sub(popped)),
            _ => {}
        }
        // An exception may have emptied more of the stack than the instruction would have.
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

/// The instruction of a unit, itself or one of the caches behind it, in code with probes.
pub(crate) fn instruction_of_unit(origins: &[(u32, u32)], unit: u32) -> Option<usize> {
    origins.partition_point(|(place, _)| *place <= unit).checked_sub(1)
}

/// The number of a unit as it was before there were probes.
fn original_unit(info: &CodeInfo, unit: &PyObject, changes: &ChangeWriter<'_>) -> Option<PyObjectRef> {
    let unit = u32::try_from(small_int(unit, changes.vm)?).ok()?;
    let origins = info.origins.get()?;
    let at = instruction_of_unit(origins, unit)?;
    let (_, original) = origins.get(at)?;
    // What is thrown into a frame that sleeps is raised where it would go on.
    let sleeps = info.opcodes.get(at) == Some(&Opcode::YieldValue);
    Some(changes.vm.ctx.new_int(original + u32::from(sleeps)).into())
}

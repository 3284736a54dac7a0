//! The value stack of a frame, at instruction granularity. Called by `recorder`.
//!
//! The interpreter shows a frame's objects in one order: what it runs, its variables, then the stack from the bottom,
//! without the places that are empty. How many places there are is known from the code, and which are empty follows
//! from what the instruction before pushed: an empty place is always the last thing that an instruction pushes.

use super::{
    changes::{Shadow, Teller, Variable},
    flow::Effect,
    render::small_int,
    units::Layout,
};
use rustpython_vm::{
    PyObject, PyObjectRef,
    frame::{FrameObject, FrameObjectRef},
    object::{Traverse, TraverseFn},
};

/// What was on a frame's stack at its previous instruction.
#[derive(Default)]
pub(super) struct Stack {
    shadows: Vec<Shadow>,
    /// The places that were empty, and what the instruction did that was about to run.
    empty: Vec<bool>,
    effect: Option<Effect>,
    objects: Vec<*const PyObject>,
}

impl Stack {
    /// Tells what changed, before an instruction runs on a stack of `depth` places.
    pub(super) fn tell(
        &mut self,
        frame: &FrameObjectRef,
        layout: &Layout,
        op: u32,
        depth: u32,
        mutated: bool,
        to: &mut Teller<'_>,
    ) {
        let depth = depth as usize;
        let effect = layout.effects.get(op as usize).copied().unwrap_or(Effect::Replaces { popped: 0 });
        let raisers = layout.raisers.get(op as usize).map_or(&[][..], Vec::as_slice);
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
        self.place_empty(depth, depth - full);
        self.effect = Some(effect);

        self.shadows.truncate(depth);
        self.shadows.resize_with(depth, Shadow::default);
        let mut next = before;
        for (at, (shadow, empty)) in self.shadows.iter_mut().zip(&self.empty).enumerate() {
            let object = if *empty { None } else { self.objects.get(next).copied() };
            next += usize::from(!*empty);
            #[expect(unsafe_code, reason = "the interpreter hands out its references for the length of a call only")]
            // SAFETY: the frame owns the object, and the frame does not run while this does.
            let object = object.map(|object| unsafe { &*object });
            let unit =
                object.filter(|_| raisers.contains(&(at as u32))).and_then(|object| original(layout, object, to));
            let object = unit.as_deref().or(object);
            shadow.tell(object, mutated, Variable { number: at as u32, on_stack: true }, to);
        }
    }

    /// Finds the places that are empty, `count` of `depth`.
    fn place_empty(&mut self, depth: usize, count: usize) {
        let empty = &mut self.empty;
        let length = empty.len();
        match self.effect {
            Some(Effect::Swap(n)) if (1..=length).contains(&n) => empty.swap(length - 1, length - n),
            Some(Effect::Copy(n)) if (1..=length).contains(&n) => empty.push(empty[length - n]),
            Some(Effect::Replaces { popped }) => empty.truncate(length.saturating_sub(popped)),
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

/// The number of a unit as it was before there were probes.
fn original(layout: &Layout, unit: &PyObject, to: &Teller<'_>) -> Option<PyObjectRef> {
    let unit = u32::try_from(small_int(unit, to.vm)?).ok()?;
    let origins = layout.origins.get()?;
    let at = origins.partition_point(|(place, _)| *place < unit);
    let (_, original) = origins.get(at)?;
    Some(to.vm.ctx.new_int(*original).into())
}

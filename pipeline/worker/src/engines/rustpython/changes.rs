//! Which variables differ from what a frame's previous event left. Called by `recorder`.
//!
//! Integers are compared by value, because the engine recycles their addresses. Immutable values are compared by the
//! object that is held. Lists of immutable values are compared element by element, everything else by its text.
//! What decides is always the text, so that the same program gives the same changes in whatever worker it runs.

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyList, PyStr, PyTuple},
};
use tracemill_trace::{Action, Encoder, Value};

use super::{
    recorder::by_ref,
    render::{render, small_int},
};

/// What a variable held at the frame's previous event.
#[derive(Default)]
pub(super) enum Shadow {
    /// No value.
    #[default]
    Unbound,
    /// A small integer.
    Int(i64),
    /// Anything else.
    Seen(Box<Seen>),
}

/// A value as it was seen.
pub(super) struct Seen {
    identity: usize,
    /// Keeps the identity from being given to another object, where that cannot be noticed.
    held: Option<PyObjectRef>,
    /// The elements, for a list whose elements are all immutable.
    items: Option<Vec<PyObjectRef>>,
    immutable: bool,
    value: Value,
}

/// How values are looked at during one execution.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Characters kept of a value's text.
    pub(super) limit: usize,
    /// Objects may be kept alive between two events: the program watches nobody's death.
    pub(super) hold: bool,
}

impl Shadow {
    /// Tells what was done to a variable.
    #[expect(clippy::too_many_arguments, reason = "the state of one event")]
    #[inline]
    pub(super) fn tell(
        &mut self,
        current: Option<&PyObject>,
        may_have_mutated: bool,
        variable: u32,
        on_stack: bool,
        look: Look,
        encoder: &mut Encoder,
        vm: &VirtualMachine,
    ) {
        if let Some((action, value)) = self.observe(current, may_have_mutated, look, vm) {
            encoder.change(variable, on_stack, action, value.as_ref().map(by_ref), None, None);
        }
    }

    /// Compares with what the variable holds now, remembers it, and says what was done to it.
    ///
    /// `may_have_mutated` is false when nothing ran that could change an object in place.
    fn observe(
        &mut self,
        current: Option<&PyObject>,
        may_have_mutated: bool,
        look: Look,
        vm: &VirtualMachine,
    ) -> Option<(Action, Option<Value>)> {
        let Some(object) = current else {
            return match std::mem::replace(self, Shadow::Unbound) {
                Shadow::Unbound => None,
                _ => Some((Action::Deleted, None)),
            };
        };
        let bound = if matches!(self, Shadow::Unbound) { Action::Bound } else { Action::Rebound };
        if let Some(number) = small_int(object, vm) {
            if matches!(self, Shadow::Int(before) if *before == number) {
                return None;
            }
            *self = Shadow::Int(number);
            return Some((bound, Some(Value::Int(number))));
        }
        let identity = std::ptr::from_ref(object) as usize;
        let same = matches!(self, Shadow::Seen(seen) if seen.identity == identity);
        if let (true, Shadow::Seen(seen)) = (same, &*self)
            && (!may_have_mutated || seen.immutable || seen.has_same_items(object))
        {
            return None;
        }
        let rendered = render(object, look.limit, vm);
        let immutable = is_immutable(object, vm);
        let items = plain_items(object, vm);
        let differs = match &*self {
            Shadow::Seen(seen) => {
                seen.value != rendered.value || (rendered.value.is_cut() && seen.differs_beyond_the_cut(object, same))
            }
            _ => true,
        };
        let held = (immutable || items.is_some() || (look.hold && rendered.holdable)).then(|| object.to_owned());
        // An object that is not held is looked at again each time: its address may belong to another one by then.
        let immutable = immutable && held.is_some();
        let value = differs.then(|| rendered.value.clone());
        *self = Shadow::Seen(Box::new(Seen { identity, held, items, immutable, value: rendered.value }));
        value.map(|value| (if same { Action::Mutated } else { bound }, Some(value)))
    }
}

impl Seen {
    fn has_same_items(&self, object: &PyObject) -> bool {
        let (Some(before), Some(list)) = (&self.items, object.downcast_ref::<PyList>()) else { return false };
        let now = list.borrow_vec();
        before.len() == now.len() && before.iter().zip(now.iter()).all(|(before, now)| before.is(now))
    }

    /// Two texts that were cut at the same place may hide a difference.
    fn differs_beyond_the_cut(&self, object: &PyObject, same: bool) -> bool {
        if same {
            return self.items.is_some();
        }
        let before = self.held.as_ref().and_then(|before| before.downcast_ref::<PyStr>());
        match (before, object.downcast_ref::<PyStr>()) {
            (Some(before), Some(now)) => before.as_bytes() != now.as_bytes(),
            _ => false,
        }
    }
}

/// The object and everything in it can never change.
fn is_immutable(object: &PyObject, vm: &VirtualMachine) -> bool {
    is_immutable_at(object, 8, vm)
}

fn is_immutable_at(object: &PyObject, levels: usize, vm: &VirtualMachine) -> bool {
    let (class, types) = (object.class(), &vm.ctx.types);
    if let Some(tuple) = object.downcast_ref_if_exact::<PyTuple>(vm) {
        // Long and deep ones are compared by their text instead: looking through them would cost more.
        let items = tuple.as_slice();
        return levels > 0 && items.len() <= 1_000 && items.iter().all(|item| is_immutable_at(item, levels - 1, vm));
    }
    class.is(types.str_type)
        || class.is(types.int_type)
        || class.is(types.float_type)
        || class.is(types.bool_type)
        || class.is(types.none_type)
        || class.is(types.bytes_type)
        || class.is(types.complex_type)
        || class.is(types.range_type)
}

/// The elements of a list, when all of them are immutable.
fn plain_items(object: &PyObject, vm: &VirtualMachine) -> Option<Vec<PyObjectRef>> {
    let items = object.downcast_ref_if_exact::<PyList>(vm)?.borrow_vec();
    items.iter().all(|item| is_immutable(item, vm)).then(|| items.to_vec())
}

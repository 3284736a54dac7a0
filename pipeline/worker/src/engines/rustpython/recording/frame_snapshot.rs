//! The whole state of a frame at each event at which it was compared. It is rendered anew and not taken from what is
//! remembered. For tests alone: `recorder` takes the snapshots, and `tests/replay.rs` compares them with the replay of
//! the changes.

use std::{cell::RefCell, collections::BTreeMap};

use rustpython_vm::{
    AsObject, PyObject, VirtualMachine,
    builtins::{PyDict, PyFunction, PyModule, PyStr, PyType},
};
use tracemill_trace::{Scope, Value};

use super::frame::LiveFrame;
use crate::engines::rustpython::values::repr::render;

/// A frame's variables by scope and name.
pub(crate) type State = BTreeMap<(Scope, String), Value>;

thread_local! {
    static STATES: RefCell<BTreeMap<u64, State>> = const { RefCell::new(BTreeMap::new()) };
}

/// The states taken since the last call, by the event that they belong to.
pub(crate) fn take_all() -> BTreeMap<u64, State> {
    STATES.take()
}

/// Takes the state of a frame before the event `event_index`.
pub(crate) fn take(event_index: u64, live: &LiveFrame, limit: usize, vm: &VirtualMachine) {
    let mut state = State::new();
    let info = &live.info;
    let mut put = |scope, name: &str, object: &PyObject| {
        state.insert((scope, name.to_owned()), render(object, limit, vm));
    };
    if info.in_dictionary {
        let namespace = live.frame.iframe().locals.get().map(|mapping| mapping.obj().to_owned());
        if let Some(namespace) = namespace.as_ref().and_then(|namespace| namespace.downcast_ref::<PyDict>()) {
            for (key, value) in namespace {
                let key = key.downcast_ref::<PyStr>().unwrap().to_str().unwrap().to_owned();
                if !(key.starts_with("__") && key.ends_with("__")) {
                    put(Scope::Local, &key, &value);
                }
            }
        }
    } else {
        #[expect(unsafe_code, reason = "the frame's variables are behind an unsafe function")]
        // SAFETY: as in `frame_variables`.
        let locals = unsafe { live.frame.fastlocals() };
        for (slot, object) in info.slots.iter().zip(locals) {
            let Some(object) = object.as_deref().filter(|_| !slot.hidden) else { continue };
            let scope = if slot.captured { Scope::Captured } else { Scope::Local };
            if slot.cell && object.class().is(vm.ctx.types.cell_type) {
                if let Some(object) = object.gc_get_referents().first() {
                    put(scope, slot.name.as_str(), object);
                }
            } else {
                put(scope, slot.name.as_str(), object);
            }
        }
        for name in &info.globals {
            if let Ok(Some(object)) = live.frame.iframe().globals().get_item_opt(*name, vm)
                && object.downcast_ref::<PyFunction>().is_none()
                && object.downcast_ref::<PyType>().is_none()
                && object.downcast_ref::<PyModule>().is_none()
            {
                put(Scope::Global, name.as_str(), &object);
            }
        }
    }
    STATES.with_borrow_mut(|states| states.insert(event_index, state));
}

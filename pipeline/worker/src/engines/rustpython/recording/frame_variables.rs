//! Records which variables of a frame have changed since its previous event. Called by `recorder` and
//! `instruction_events`.

use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyDict, PyFunction, PyModule, PyStr, PyType},
    frame::FrameObjectRef,
    object::PyAtomicRef,
};
use tracemill_trace::Scope;

use super::{
    changes::{ChangeWriter, RecordedValue, Variable},
    frame::{CodeState, LiveFrame},
};
use crate::engines::rustpython::analysis::side_effects::Mutates;

/// The mask of all slots: a bit for each of the first 64. Later slots are always compared.
pub(crate) const ALL: u64 = u64::MAX;

/// Records the changed variables of a frame.
///
/// `mutated` says what may have changed in place, `stored` which slots may have been bound or unbound.
#[inline]
pub(crate) fn record_changes(
    live: &mut LiveFrame,
    codes: &mut [CodeState],
    mutated: Mutates,
    stored: u64,
    changes: &mut ChangeWriter<'_>,
) {
    let vm = changes.vm;
    if live.info.in_dictionary {
        if mutated != Mutates::Nothing {
            let namespace = live.frame.iframe().locals.get().map(|mapping| mapping.obj().to_owned());
            if let Some(namespace) = namespace.as_ref().and_then(|namespace| namespace.downcast_ref::<PyDict>()) {
                names(live, codes, namespace, mutated, changes);
            }
        }
        return;
    }
    let LiveFrame { frame, info, slots, globals, .. } = live;
    #[expect(unsafe_code, reason = "the frame's variables are behind an unsafe function")]
    // SAFETY: this runs inside a probe, on the thread that executes the frame, which waits meanwhile; nothing that is
    // called while the slice lives runs code of the frame.
    let locals = unsafe { frame.fastlocals() };
    for (at, ((slot, recorded), object)) in info.slots.iter().zip(slots).zip(locals).enumerate() {
        if slot.hidden || (at < 64 && stored >> at & 1 == 0 && recorded.is_unaffected_by(mutated)) {
            continue;
        }
        let object = object.as_deref();
        let variable = Variable { number: at as u32, on_stack: false };
        match object.filter(|object| slot.cell && object.class().is(vm.ctx.types.cell_type)) {
            // The interpreter does not export the type of cells. A cell refers to one object, its content.
            Some(cell) => {
                let held = cell.gc_get_referents();
                recorded.update(held.first().map(|object| &**object), mutated, variable, changes);
            }
            None => recorded.update(object, mutated, variable, changes),
        }
    }
    if mutated != Mutates::Nothing && !info.globals.is_empty() {
        let dictionary = frame.iframe().globals();
        for (at, (name, recorded)) in info.globals.iter().zip(globals).enumerate() {
            if mutated < Mutates::Anything && recorded.is_unaffected_by(mutated) {
                continue;
            }
            let object = dictionary.get_item_opt(*name, vm).ok().flatten().filter(|object| is_data(object, vm));
            let variable = Variable { number: info.first_global + at as u32, on_stack: false };
            recorded.update(object.as_deref(), mutated, variable, changes);
        }
    }
}

/// The value of the running frame's first variable.
pub(crate) fn first_variable(frame: &FrameObjectRef) -> Option<PyObjectRef> {
    #[expect(unsafe_code, reason = "the frame's variables are behind an unsafe function")]
    // SAFETY: this runs inside a probe, on the thread that executes the frame, which waits meanwhile.
    let locals = unsafe { frame.fastlocals() };
    locals.first().cloned().flatten()
}

/// Keeps the values of the running frame's variables alive as long as the frame, the last one first. An exception
/// leaves the frame, and CPython's traceback keeps them; the engine's does not when the function was called natively.
pub(crate) fn keep_variables(frame: &FrameObjectRef, vm: &VirtualMachine) {
    #[expect(unsafe_code, reason = "the frame's variables are behind an unsafe function")]
    // SAFETY: this runs inside a probe, on the thread that executes the frame, which waits meanwhile.
    let locals = unsafe { frame.fastlocals() };
    let held = locals.iter().rev().flatten().map(|object| object.to_owned()).collect();
    let kept: PyObjectRef = vm.ctx.new_tuple(held).into();
    PyAtomicRef::from(kept).swap_to_temporary_refs(vm.ctx.none(), vm);
}

/// Records changes of a namespace that is a dictionary, in the order in which its names first appeared.
fn names(
    live: &mut LiveFrame,
    codes: &mut [CodeState],
    namespace: &Py<PyDict>,
    mutated: Mutates,
    changes: &mut ChangeWriter<'_>,
) {
    let LiveFrame { names: known, info, code_index, .. } = live;
    let Some(code) = codes.get_mut(*code_index as usize) else { return };
    let mut current: Vec<Option<PyObjectRef>> = Vec::new();
    current.resize_with(known.len(), || None);
    let (mut at, mut guess) = (0, 0);
    while let Some((next, key, value)) = namespace.next_entry(at) {
        at = next;
        let Some(key) = key.downcast_ref::<PyStr>().and_then(|key| key.to_str()) else { continue };
        if key.starts_with("__") && key.ends_with("__") {
            continue;
        }
        // Names come in the same order as before, except deleted ones.
        let place = match known.get(guess) {
            Some((name, ..)) if name == key => Some(guess),
            _ => known.iter().position(|(name, ..)| name == key),
        };
        let place = place.unwrap_or_else(|| {
            let fresh = (info.variables.len() + code.names.len()) as u32;
            let number = *code.names.entry(key.to_owned()).or_insert_with(|| {
                changes.encoder.variable(*code_index, Scope::Local, key);
                fresh
            });
            known.push((key.to_owned(), number, RecordedValue::Unbound));
            current.push(None);
            known.len() - 1
        });
        current[place] = Some(value);
        guess = place + 1;
    }
    for ((_, number, recorded), object) in known.iter_mut().zip(&current) {
        recorded.update(object.as_deref(), mutated, Variable { number: *number, on_stack: false }, changes);
    }
}

/// The object is data, not a part of the program's code.
fn is_data(object: &PyObject, vm: &VirtualMachine) -> bool {
    object.downcast_ref::<PyFunction>().is_none()
        && object.downcast_ref::<PyType>().is_none()
        && object.downcast_ref::<PyModule>().is_none()
        && !object.class().is(vm.ctx.types.builtin_function_or_method_type)
}

//! A picture of everything that library modules hold, below the names of the modules themselves: classes, functions,
//! dictionaries, lists, instances. `modules` takes it when modules come to stay, and compares after a job.
//!
//! Classes and functions carry a version that the engine changes when they are written to. Of all else the objects that
//! it refers to are kept, in order, and must be the same ones afterwards.

use std::{collections::HashSet, ptr::NonNull};

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyCode, PyDict, PyFunction, PyInt, PyList, PyModule, PySet, PyStr, PyTuple, PyType, PyWeak},
};

/// What was seen.
#[derive(Default)]
pub(super) struct Picture {
    seen: HashSet<usize>,
    classes: Vec<(PyObjectRef, u32)>,
    functions: Vec<(PyObjectRef, u32)>,
    /// Anything else that can change, and where in `referents` what it refers to begins.
    others: Vec<(PyObjectRef, usize)>,
    /// Held, so that no address among them is used again.
    referents: Vec<PyObjectRef>,
    buffer: std::cell::RefCell<Vec<NonNull<PyObject>>>,
}

impl Picture {
    /// Leaves an object out, and what only it refers to: it changes in the course of things.
    pub(super) fn leave_out(&mut self, object: &PyObject) {
        self.seen.insert(object.get_id());
    }

    /// Adds what can be reached from an object.
    pub(super) fn add(&mut self, root: PyObjectRef, vm: &VirtualMachine) {
        let [mask, members] = ["_flag_mask_", "_value2member_map_"].map(|name| vm.ctx.intern_str(name));
        let mut waiting = vec![root];
        while let Some(object) = waiting.pop() {
            if is_plain(&object) || !self.seen.insert(object.get_id()) {
                continue;
            }
            if object.downcast_ref::<PyType>().is_some() {
                // What is first asked for is kept in the class, which counts as a change.
                let _ = vm.get_attribute_opt(&object, vm.ctx.intern_str("__annotations__"));
            }
            let referents = object.gc_get_referents();
            if let Some(class) = object.downcast_ref::<PyType>() {
                // Flags make the combinations that are asked for, and keep them.
                if class.get_attr(mask).is_some()
                    && let Some(combinations) = class.get_attr(members)
                {
                    self.leave_out(&combinations);
                }
                self.classes.push((object.clone(), 0));
            } else if let Some(function) = object.downcast_ref::<PyFunction>() {
                self.functions.push((object.clone(), function.get_version_for_current_state()));
            } else if can_change(&object) {
                self.others.push((object.clone(), self.referents.len()));
                self.referents.extend(referents.iter().cloned());
            }
            waiting.extend(referents);
        }
    }

    /// The addresses of all that was added.
    pub(super) fn seen(&self) -> impl Iterator<Item = usize> {
        self.seen.iter().copied()
    }

    /// Notes the versions of classes, when all has been added: a class changes with those above it.
    pub(super) fn finish(&mut self, vm: &VirtualMachine) {
        let doc = vm.ctx.intern_str("__doc__");
        for (class, version) in &mut self.classes {
            if let Some(class) = class.downcast_ref::<PyType>() {
                // A look at an attribute gives a class its version.
                let _ = class.get_attr(doc);
                *version = class.tp_version_tag.load(std::sync::atomic::Ordering::Acquire);
            }
        }
    }

    /// Something that is not as it was, if anything is.
    pub(super) fn difference(&self) -> Option<&PyObjectRef> {
        let version = |class: &PyObjectRef| {
            class.downcast_ref::<PyType>().map(|class| class.tp_version_tag.load(std::sync::atomic::Ordering::Relaxed))
        };
        let changed = self.classes.iter().find(|(class, before)| version(class) != Some(*before));
        let version = |function: &PyObjectRef| function.downcast_ref::<PyFunction>().map(|one| one.func_version());
        let changed = changed.or_else(|| self.functions.iter().find(|(one, before)| version(one) != Some(*before)));
        if let Some((object, _)) = changed {
            return Some(object);
        }
        let mut now = self.buffer.borrow_mut();
        for (at, (object, from)) in self.others.iter().enumerate() {
            let to = self.others.get(at + 1).map_or(self.referents.len(), |(_, to)| *to);
            let before = &self.referents[*from..to];
            now.clear();
            #[expect(unsafe_code, reason = "the referents of an object are behind an unsafe function")]
            // SAFETY: the pointers are compared, not followed, and nothing runs meanwhile.
            unsafe {
                object.gc_extend_referent_ptrs(&mut now);
            }
            if now.len() != before.len()
                || now.iter().zip(before).any(|(now, before)| now.as_ptr().addr() != before.get_id())
            {
                return Some(object);
            }
        }
        None
    }
}

/// Nothing that can change, and nothing that leads further.
fn is_plain(object: &PyObject) -> bool {
    object.downcast_ref::<PyStr>().is_some()
        || object.downcast_ref::<PyInt>().is_some()
        || object.downcast_ref::<PyCode>().is_some()
        || object.downcast_ref::<PyWeak>().is_some()
        // Its cache fills; the function that it calls is part of a module.
        || &*object.class().name() == "_lru_cache_wrapper"
}

/// It may refer to something else tomorrow. Modules are compared name by name elsewhere.
fn can_change(object: &PyObject) -> bool {
    object.downcast_ref::<PyTuple>().is_none()
        && object.downcast_ref::<PyModule>().is_none()
        && (object.is_gc_tracked()
            || object.downcast_ref::<PyDict>().is_some()
            || object.downcast_ref::<PyList>().is_some()
            || object.downcast_ref::<PySet>().is_some())
}

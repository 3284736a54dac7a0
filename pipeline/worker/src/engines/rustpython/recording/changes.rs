//! Finds which variables differ from their last recorded values, and records how. Called by `frame_variables`,
//! `value_stack` and `instruction_events`.
//!
//! Integers are compared by value, because the engine recycles their addresses. An immutable value is compared by
//! identity, and by content where the object is another one. Lists of immutable values are compared item by item
//! (`object_table`), everything else by its text. No address decides, so the same program gives the same changes in any
//! worker.

use std::rc::Rc;

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyBytes, PyFloat, PyList, PyStr, PyTypeRef},
};
use tracemill_trace::{Action, Encoder, ValueRef};

use super::object_table::{ListCheck, ObjectTable, TrackedObject};
use crate::engines::rustpython::{
    analysis::{
        object_lifetime::{Lifetimes, is_closure},
        side_effects::Mutates,
    },
    values::{
        identity::{has_identity, is_immutable, small_int},
        repr::{Rendered, render_into},
    },
};

/// The value of a variable as it was recorded last.
#[derive(Default, Clone)]
pub(crate) enum RecordedValue {
    /// No value.
    #[default]
    Unbound,
    /// A small integer.
    Int(i64),
    /// A value that can never change.
    Immutable(PyObjectRef),
    /// An object that is shown by its class alone, such as an iterator.
    Opaque(PyTypeRef),
    /// A list of immutable values, and the version of it that was recorded.
    List(Rc<TrackedObject>, u64),
    /// Anything else.
    Rendered(Rc<RenderedObject>),
}

/// A value as it was rendered.
#[derive(Clone)]
pub(crate) struct RenderedObject {
    identity: usize,
    /// Keeps the identity from being given to another object, where the program cannot notice that.
    held: Option<PyObjectRef>,
    text: String,
    type_name: String,
    full_chars: Option<u64>,
    object_index: Option<u32>,
    members: String,
}

/// How values are recorded during one execution.
#[derive(Clone, Copy)]
pub(crate) struct ValueOptions {
    /// Characters kept of a value's text.
    pub(crate) limit: usize,
    /// What the program can notice of an object that is kept alive between two events.
    pub(crate) lifetimes: Lifetimes,
}

impl ValueOptions {
    /// Whether a value that was rendered like this may be kept alive.
    fn may_hold(&self, shown: &Rendered) -> bool {
        match self.lifetimes {
            Lifetimes::Unobservable => shown.may_be_kept,
            // The part that was cut off is not known.
            Lifetimes::Generators => shown.may_be_kept && !shown.has_frames && shown.full_chars.is_none(),
            Lifetimes::Observable => false,
        }
    }
}

/// Writes changes of variables.
pub(crate) struct ChangeWriter<'a> {
    pub(crate) encoder: &'a mut Encoder,
    pub(crate) objects: &'a mut ObjectTable,
    pub(crate) options: ValueOptions,
    pub(crate) vm: &'a VirtualMachine,
}

/// The variable that changed.
#[derive(Clone, Copy)]
pub(crate) struct Variable {
    /// Its number in its code object, or its place on the stack.
    pub(crate) number: u32,
    /// It is an entry of the stack.
    pub(crate) on_stack: bool,
}

impl ChangeWriter<'_> {
    #[inline]
    fn change(&mut self, variable: Variable, action: Action, value: Option<ValueRef<'_>>, object: Option<u32>) {
        self.encoder.change(variable.number, variable.on_stack, action, value, object, None);
    }
}

impl RecordedValue {
    /// Whether the value is still the recorded one after something was mutated, as long as the variable is not bound
    /// again.
    #[inline]
    pub(crate) fn is_unaffected_by(&self, mutated: Mutates) -> bool {
        match self {
            RecordedValue::Unbound | RecordedValue::Int(_) | RecordedValue::Immutable(_) | RecordedValue::Opaque(_) => {
                true
            }
            RecordedValue::List(..) => mutated < Mutates::Objects,
            RecordedValue::Rendered(seen) => mutated == Mutates::Nothing && seen.held.is_some(),
        }
    }

    /// Compares with the variable's value now, remembers that, and records the change.
    ///
    /// `mutated` says what ran could have changed in place.
    #[inline]
    pub(crate) fn update(
        &mut self,
        current: Option<&PyObject>,
        mutated: Mutates,
        variable: Variable,
        changes: &mut ChangeWriter<'_>,
    ) {
        let Some(object) = current else {
            if !matches!(self, RecordedValue::Unbound) {
                *self = RecordedValue::Unbound;
                changes.change(variable, Action::Deleted, None, None);
            }
            return;
        };
        if let Some(number) = small_int(object, changes.vm) {
            if matches!(self, RecordedValue::Int(before) if *before == number) {
                return;
            }
            let action = self.binding_action();
            *self = RecordedValue::Int(number);
            changes.change(variable, action, Some(ValueRef::Int(number)), None);
            return;
        }
        match self {
            RecordedValue::Immutable(held) if held.is(object) => {}
            RecordedValue::Opaque(class) if object.class().is(&**class) => {}
            RecordedValue::List(known, version) if known.is(object) => {
                if mutated >= Mutates::Objects && !record_list(known, version, variable, changes) {
                    self.render_and_record(object, true, variable, changes);
                }
            }
            RecordedValue::Rendered(seen) if seen.identity == std::ptr::from_ref(object) as usize => {
                if mutated != Mutates::Nothing || seen.held.is_none() {
                    self.render_and_record(object, true, variable, changes);
                }
            }
            _ => self.render_and_record(object, false, variable, changes),
        }
    }

    /// Takes over the value of another variable, as an assignment does, and records the change.
    pub(crate) fn assign(&mut self, other: RecordedValue, variable: Variable, changes: &mut ChangeWriter<'_>) {
        match other {
            RecordedValue::Unbound => self.update(None, Mutates::Nothing, variable, changes),
            RecordedValue::Int(number) => {
                if !matches!(self, RecordedValue::Int(before) if *before == number) {
                    let action = self.binding_action();
                    *self = RecordedValue::Int(number);
                    changes.change(variable, action, Some(ValueRef::Int(number)), None);
                }
            }
            RecordedValue::Immutable(object) => self.update(Some(&object), Mutates::Nothing, variable, changes),
            RecordedValue::Opaque(class) => {
                if !matches!(self, RecordedValue::Opaque(before) if before.is(&class)) {
                    let (action, name) = (self.binding_action(), class.name().to_string());
                    let text = format!("<{name}>");
                    *self = RecordedValue::Opaque(class);
                    let value = ValueRef::Text { repr: &text, type_name: &name, full_chars: None };
                    changes.change(variable, action, Some(value), None);
                }
            }
            RecordedValue::List(known, version) => match self {
                RecordedValue::List(before, recorded) if Rc::ptr_eq(before, &known) && *recorded == version => {}
                _ => {
                    let (text, full_chars) = known.text(changes.options.limit, String::new(), changes.vm);
                    let value = ValueRef::Text { repr: &text, type_name: "list", full_chars };
                    changes.change(variable, self.binding_action(), Some(value), Some(known.ordinal));
                    *self = RecordedValue::List(known, version);
                }
            },
            RecordedValue::Rendered(seen) => {
                let same = matches!(self, RecordedValue::Rendered(before) if before.identity == seen.identity);
                let action = if same { Action::Mutated } else { self.binding_action() };
                self.record_difference(RenderedObject::clone(&seen), same, action, variable, changes);
            }
        }
    }

    /// Compares again with the object that is held; `false` where none is held.
    ///
    /// `mutated` says what ran could have changed in place.
    pub(crate) fn refresh(&mut self, mutated: Mutates, variable: Variable, changes: &mut ChangeWriter<'_>) -> bool {
        match self {
            RecordedValue::Unbound | RecordedValue::Int(_) | RecordedValue::Immutable(_) | RecordedValue::Opaque(_) => {
                true
            }
            RecordedValue::List(known, _) => {
                let known = Rc::clone(known);
                self.update(Some(known.object()), mutated, variable, changes);
                true
            }
            RecordedValue::Rendered(seen) if mutated == Mutates::Nothing && seen.held.is_some() => true,
            RecordedValue::Rendered(seen) => match seen.held.clone() {
                Some(held) => {
                    self.update(Some(&held), mutated, variable, changes);
                    true
                }
                None => false,
            },
        }
    }

    fn binding_action(&self) -> Action {
        if matches!(self, RecordedValue::Unbound) { Action::Bound } else { Action::Rebound }
    }

    /// Renders a value that is another one or has changed, and records it where it differs.
    fn render_and_record(&mut self, object: &PyObject, same: bool, variable: Variable, changes: &mut ChangeWriter<'_>) {
        let (vm, options) = (changes.vm, changes.options);
        let action = if same { Action::Mutated } else { self.binding_action() };
        if let Some((repr, type_name)) = singleton_text(object, options.limit, vm) {
            let equal = matches!(self, RecordedValue::Immutable(held) if held.is(object));
            *self = RecordedValue::Immutable(object.to_owned());
            if !equal {
                changes.change(variable, action, Some(ValueRef::Text { repr, type_name, full_chars: None }), None);
            }
            return;
        }
        if is_immutable(object, vm)
            || (options.lifetimes != Lifetimes::Observable && is_part_of_program(object, options.lifetimes, vm))
        {
            let equal = matches!(self, RecordedValue::Immutable(held) if equals(held, object, options.limit, vm));
            *self = RecordedValue::Immutable(object.to_owned());
            if !equal {
                let shown = render_into(String::new(), object, options.limit, vm);
                let type_name = object.class().name();
                let value = ValueRef::Text { repr: &shown.text, type_name: &type_name, full_chars: shown.full_chars };
                changes.change(variable, action, Some(value), None);
            }
            return;
        }
        if object.downcast_ref_if_exact::<PyList>(vm).is_some() {
            let known = changes.objects.track(object);
            if known.start_or_compare(changes.objects.event, options.limit, vm) {
                let (text, full_chars) = known.text(options.limit, String::new(), vm);
                let object_index = (!same).then_some(known.ordinal);
                let version = known.list.borrow().as_ref().map_or(0, |list| list.version);
                let value = ValueRef::Text { repr: &text, type_name: "list", full_chars };
                let is_recorded = matches!(
                    self,
                    RecordedValue::Rendered(seen) if same && seen.text == text && seen.full_chars == full_chars
                );
                if !is_recorded {
                    changes.change(variable, action, Some(value), object_index);
                }
                *self = RecordedValue::List(known, version);
                return;
            }
        }
        let shown = render_into(String::new(), object, options.limit, vm);
        let may_hold = options.may_hold(&shown);
        if !may_hold {
            changes.objects.untrack(object);
        }
        let Rendered { text, full_chars, inside, .. } = shown;
        let class = object.class();
        let name = class.name();
        if text.len() == name.len() + 2 && text.starts_with('<') && text[1..].starts_with(&*name) {
            if !matches!(self, RecordedValue::Opaque(before) if class.is(&**before)) {
                let value = ValueRef::Text { repr: &text, type_name: &name, full_chars };
                changes.change(variable, action, Some(value), None);
            }
            *self = RecordedValue::Opaque(class.to_owned());
            return;
        }
        drop(name);
        let object_index = (may_hold && has_identity(object, vm)).then(|| changes.objects.track(object).ordinal);
        let mut members = String::new();
        if may_hold {
            for member in &inside {
                if !members.is_empty() {
                    members.push(' ');
                }
                members.push_str(itoa::Buffer::new().format(changes.objects.track(member).ordinal));
            }
        }
        let type_name = object.class().name().to_string();
        let seen = RenderedObject {
            identity: std::ptr::from_ref(object) as usize,
            held: may_hold.then(|| object.to_owned()),
            text,
            type_name,
            full_chars,
            object_index,
            members,
        };
        self.record_difference(seen, same, action, variable, changes);
    }

    /// Records how a rendered value differs from the one before, and keeps it.
    fn record_difference(
        &mut self,
        seen: RenderedObject,
        same: bool,
        action: Action,
        variable: Variable,
        changes: &mut ChangeWriter<'_>,
    ) {
        let mut piece = None;
        if let RecordedValue::Rendered(before) = &*self {
            let alike = before.text == seen.text
                && before.full_chars == seen.full_chars
                && before.type_name == seen.type_name
                && before.members == seen.members;
            if alike && before.object_index == seen.object_index {
                *self = RecordedValue::Rendered(Rc::new(seen));
                return;
            }
            if same && before.type_name == seen.type_name {
                piece = splice(&before.text, &seen.text);
            }
        }
        let members = (!seen.members.is_empty()).then_some(seen.members.as_str());
        let value = match piece {
            Some((start, removed, inserted)) => {
                ValueRef::Splice { start, removed, inserted, full_chars: seen.full_chars }
            }
            None => ValueRef::Text { repr: &seen.text, type_name: &seen.type_name, full_chars: seen.full_chars },
        };
        let object_index = seen.object_index.filter(|_| !same);
        changes.encoder.change(variable.number, variable.on_stack, action, Some(value), object_index, members);
        *self = RecordedValue::Rendered(Rc::new(seen));
    }
}

/// Records what changed in a list that the variable still names; `false` where it must be rendered as another value.
fn record_list(
    known: &Rc<TrackedObject>,
    version: &mut u64,
    variable: Variable,
    changes: &mut ChangeWriter<'_>,
) -> bool {
    if matches!(known.compare(changes.objects.event, changes.options.limit, changes.vm), ListCheck::NotPlain) {
        return false;
    }
    let list = known.list.borrow();
    let Some(list) = &*list else { return false };
    if list.version == *version {
        return true;
    }
    let behind = list.version - *version;
    *version = list.version;
    if behind == 1 {
        let piece = &list.splice;
        let value = ValueRef::Splice {
            start: piece.start,
            removed: piece.removed,
            inserted: &piece.inserted,
            full_chars: piece.full_chars,
        };
        changes.change(variable, Action::Mutated, Some(value), None);
    } else {
        let (text, full_chars) = known.text(changes.options.limit, String::new(), changes.vm);
        changes.change(
            variable,
            Action::Mutated,
            Some(ValueRef::Text { repr: &text, type_name: "list", full_chars }),
            None,
        );
    }
    true
}

/// The splice that turns one text into the other, where it is shorter than the text.
fn splice<'a>(before: &str, now: &'a str) -> Option<(u64, u64, &'a str)> {
    /// Bytes of a splice besides the text that it inserts.
    const COST: usize = 8;
    if !before.is_ascii() || !now.is_ascii() {
        return None;
    }
    let most = before.len().min(now.len());
    let start = before.bytes().zip(now.bytes()).take_while(|(a, b)| a == b).count();
    let kept = before.bytes().rev().zip(now.bytes().rev()).take(most - start).take_while(|(a, b)| a == b).count();
    let inserted = &now[start..now.len() - kept];
    (inserted.len() + COST < now.len()).then(|| (start as u64, (before.len() - kept - start) as u64, inserted))
}

/// Whether two immutable values have the same text, also beyond the cut.
fn equals(a: &PyObject, b: &PyObject, limit: usize, vm: &VirtualMachine) -> bool {
    if !a.class().is(b.class()) {
        return false;
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<PyStr>(), b.downcast_ref::<PyStr>()) {
        return a.as_bytes() == b.as_bytes();
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<PyFloat>(), b.downcast_ref::<PyFloat>()) {
        return a.to_f64().to_bits() == b.to_f64().to_bits();
    }
    if let (Some(a), Some(b)) = (a.downcast_ref::<PyBytes>(), b.downcast_ref::<PyBytes>()) {
        return a.as_bytes() == b.as_bytes();
    }
    let (a, b) = (render_into(String::new(), a, limit, vm), render_into(String::new(), b, limit, vm));
    a.text == b.text && a.full_chars == b.full_chars
}

/// Text and type of `None`, `True` and `False`, where the text is kept whole. Comparisons give these.
#[inline]
fn singleton_text(object: &PyObject, limit: usize, vm: &VirtualMachine) -> Option<(&'static str, &'static str)> {
    let (class, context) = (object.class(), &vm.ctx);
    let known = if class.is(context.types.bool_type) {
        (if context.true_value.as_object().is(object) { "True" } else { "False" }, "bool")
    } else if class.is(context.types.none_type) {
        ("None", "NoneType")
    } else {
        return None;
    };
    (limit >= known.0.len()).then_some(known)
}

/// The object is a part of the program's code, and is shown by its name.
fn is_part_of_program(object: &PyObject, lifetimes: Lifetimes, vm: &VirtualMachine) -> bool {
    let (class, types) = (object.class(), &vm.ctx.types);
    (class.is(types.function_type) && (lifetimes == Lifetimes::Unobservable || !is_closure(object, vm)))
        || class.is(types.builtin_function_or_method_type)
        || class.is(types.type_type)
        || class.is(types.module_type)
}

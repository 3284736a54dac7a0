//! The iterators of running loops: what each iterates, how many items its loop has drawn, how many are left. Called by
//! `recorder` and `instruction_events`.
//!
//! Positions are counted where a loop draws, so they are right for any iterator and any nesting of loops.

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyList, PyTuple},
    function::FuncArgs,
    types::PyTypeFlags,
};
use tracemill_trace::{Action, Value, ValueRef};

use super::changes::{ChangeWriter, ValueOptions};
use crate::engines::rustpython::{
    analysis::object_lifetime::Lifetimes,
    values::{
        identity::{is_immutable, small_int},
        repr::render,
    },
};

/// Iterators over objects that hold their items.
const PLAIN: [&str; 9] = [
    "range_iterator",
    "longrange_iterator",
    "list_iterator",
    "tuple_iterator",
    "str_iterator",
    "bytes_iterator",
    "dict_keyiterator",
    "dict_valueiterator",
    "dict_itemiterator",
];

/// Other iterators that say how many items are left without a call to the object below, which may be the program's.
const SELF_DESCRIBING: [&str; 7] = [
    "list_reverseiterator",
    "set_iterator",
    "bytearray_iterator",
    "dict_reversekeyiterator",
    "dict_reversevalueiterator",
    "dict_reverseitemiterator",
    "repeat",
];

/// The iterator of one running loop.
pub(crate) struct LoopIterator {
    walks: Value,
    type_name: String,
    drawn: u64,
    pub(crate) left: Option<u64>,
    /// Drawing an item changes nothing but the iterator.
    pub(crate) is_plain: bool,
    /// The number of items drawn when it was last recorded; `None` before.
    recorded: Option<u64>,
    /// The address of the object that it iterates.
    walked: usize,
    /// The list that it iterates, and the length that was last recorded: the program may change the list meanwhile.
    list: Option<(PyObjectRef, usize)>,
}

impl LoopIterator {
    /// A loop that is about to iterate an object.
    pub(crate) fn over_iterable(object: &PyObject, options: ValueOptions, vm: &VirtualMachine) -> Self {
        let limit = options.limit;
        // The list is kept alive as long as the loop runs, where the program cannot notice that.
        let list = object.downcast_ref::<PyList>().filter(|list| match options.lifetimes {
            Lifetimes::Unobservable => true,
            Lifetimes::Generators => list.borrow_vec().iter().all(|item| is_immutable(item, vm)),
            Lifetimes::Observable => false,
        });
        let list = list.map(|list| (object.to_owned(), list.borrow_vec().len()));
        let walks = call_that_makes(object, limit, 0, vm).map_or_else(
            || render(object, limit, vm),
            |text| {
                let chars = text.chars().count();
                let full_chars = (chars > limit).then_some(chars as u64);
                let type_name = object.class().name().to_string();
                Value::Text { repr: text.chars().take(limit).collect(), type_name, full_chars }
            },
        );
        let type_name = object.class().name().to_string();
        LoopIterator {
            walks,
            type_name,
            drawn: 0,
            left: None,
            is_plain: false,
            recorded: None,
            walked: object.get_id(),
            list,
        }
    }

    /// The loop has got its iterator.
    pub(crate) fn start(&mut self, iterator: &PyObject, vm: &VirtualMachine) {
        self.type_name = iterator.class().name().to_string();
        // Others may draw from an iterator that the program made itself.
        let is_shared = iterator.get_id() == self.walked;
        let may_change = &*self.type_name == "list_iterator" && self.list.is_none();
        self.left = if is_shared || may_change { None } else { items_left(iterator, vm) };
        self.is_plain = PLAIN.contains(&self.type_name.as_str())
            && !iterator.class().slots.flags.has_feature(PyTypeFlags::HEAPTYPE);
    }

    /// A loop over an iterator that it did not make.
    pub(crate) fn over_iterator(iterator: &PyObject, options: ValueOptions, vm: &VirtualMachine) -> Self {
        let mut known = LoopIterator::over_iterable(iterator, options, vm);
        known.start(iterator, vm);
        known
    }

    /// The loop has drawn an item.
    #[inline]
    pub(crate) fn draw(&mut self) {
        self.drawn += 1;
        self.left = self.left.map(|left| if self.recorded.is_none() { left.saturating_sub(1) } else { left });
    }

    /// Records what changed. Forgets a loop that has ended.
    #[inline]
    pub(crate) fn record(known: &mut Option<LoopIterator>, runs: bool, variable: u32, changes: &mut ChangeWriter<'_>) {
        let Some(this) = known else { return };
        if !runs {
            // A loop that has its iterator may be about to run.
            if this.recorded.is_some() {
                changes.encoder.change(variable, false, Action::Deleted, None, None, None);
                *known = None;
            }
            return;
        }
        let is_other = this.list.is_some() && this.recorded.is_some() && this.list_has_changed(changes);
        match this.recorded {
            Some(recorded) if recorded == this.drawn && !is_other => return,
            Some(_) if !is_other => {
                let drawn = ValueRef::Int(this.drawn as i64);
                changes.encoder.change(variable, false, Action::Rebound, Some(drawn), None, None);
            }
            recorded => {
                let number;
                let (walks, full_chars) = match &this.walks {
                    Value::Text { repr, full_chars, .. } => (repr.as_str(), *full_chars),
                    Value::Int(value) => {
                        number = value.to_string();
                        (number.as_str(), None)
                    }
                };
                let value = ValueRef::Iterator {
                    walks,
                    type_name: &this.type_name,
                    full_chars,
                    items_drawn: this.drawn,
                    items_left: this.left,
                };
                let action = if recorded.is_some() { Action::Rebound } else { Action::Bound };
                changes.encoder.change(variable, false, action, Some(value), None, None);
            }
        }
        this.recorded = Some(this.drawn);
    }

    /// Whether the list has become longer or shorter since it was last recorded; then it is rendered again.
    fn list_has_changed(&mut self, changes: &ChangeWriter<'_>) -> bool {
        let Some((object, length)) = &mut self.list else { return false };
        let Some(now) = object.downcast_ref::<PyList>().map(|list| list.borrow_vec().len()) else { return false };
        if now == *length {
            return false;
        }
        *length = now;
        self.left = self.left.map(|_| (now as u64).saturating_sub(self.drawn));
        self.walks = render(object, changes.options.limit, changes.vm);
        true
    }
}

/// The number of items left in an iterator of a built-in type, where it gives a length hint.
fn items_left(iterator: &PyObject, vm: &VirtualMachine) -> Option<u64> {
    let class = iterator.class();
    let name = class.name();
    let says_how_many = PLAIN.contains(&&*name) || SELF_DESCRIBING.contains(&&*name);
    if class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE) || !says_how_many && !reverses_a_built_in(iterator, vm) {
        // The object below may have a class of the program: a call would run its code.
        return None;
    }
    let hint = class.get_attr(vm.ctx.intern_str("__length_hint__"))?;
    let hint = hint.call(FuncArgs::from(vec![iterator.to_owned()]), vm).ok()?;
    u64::try_from(small_int(&hint, vm)?).ok()
}

/// The iterator is `reversed` of an object of a built-in type.
fn reverses_a_built_in(iterator: &PyObject, vm: &VirtualMachine) -> bool {
    let class = iterator.class();
    if &*class.name() != "reversed" {
        return false;
    }
    let reduce = class.get_attr(vm.ctx.intern_str("__reduce__"));
    let reduced = reduce.and_then(|reduce| reduce.call(FuncArgs::from(vec![iterator.to_owned()]), vm).ok());
    let arguments = reduced.and_then(|reduced| reduced.downcast_ref::<PyTuple>()?.as_slice().get(1).cloned());
    arguments
        .as_ref()
        .and_then(|arguments| arguments.downcast_ref::<PyTuple>()?.as_slice().first())
        .is_some_and(|walked| !walked.class().slots.flags.has_feature(PyTypeFlags::HEAPTYPE))
}

/// The call that makes an iterator of a built-in type, as text: `enumerate([1, 2])`. `None` for other iterators, and
/// for one that would be used up.
fn call_that_makes(iterator: &PyObject, limit: usize, depth: usize, vm: &VirtualMachine) -> Option<String> {
    const MAX_DEPTH: usize = 5;
    let class = iterator.class();
    if class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE) || depth > MAX_DEPTH {
        return None;
    }
    let name = class.name();
    let is_plain = matches!(&*name, "list_iterator" | "tuple_iterator" | "str_iterator" | "range_iterator");
    let is_reversed = matches!(&*name, "reversed" | "list_reverseiterator");
    if !is_plain && !is_reversed && !matches!(&*name, "enumerate" | "zip" | "map" | "filter") {
        return None;
    }
    let reduce = class.get_attr(vm.ctx.intern_str("__reduce__"))?;
    let reduced = reduce.call(FuncArgs::from(vec![iterator.to_owned()]), vm).ok()?;
    let arguments = reduced.downcast_ref::<PyTuple>()?.as_slice().get(1)?.clone();
    let arguments = arguments.downcast_ref::<PyTuple>()?;
    let recorded = |object: &PyObjectRef| {
        call_that_makes(object, limit, depth + 1, vm).unwrap_or_else(|| render(object, limit, vm).repr())
    };
    match (&*name, arguments.as_slice()) {
        (_, [walked, ..]) if is_plain => Some(recorded(walked)),
        (_, [walked, ..]) if is_reversed => Some(format!("reversed({})", recorded(walked))),
        ("enumerate", [walked, start]) if small_int(start, vm) == Some(0) => {
            Some(format!("enumerate({})", recorded(walked)))
        }
        (_, all) => Some(format!("{name}({})", all.iter().map(recorded).collect::<Vec<_>>().join(", "))),
    }
}

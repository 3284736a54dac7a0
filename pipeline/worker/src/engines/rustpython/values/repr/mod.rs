//! Renders values as text: Python's `repr` where that is safe, and never an address. Called by the recorder,
//! `exceptions` and `job`. The files of this folder are one writer that calls itself for nested values.
//!
//! No code of the program runs, except a pure `__repr__` on demand (`program_repr`): instances of its classes are shown
//! by their attributes. The writer stops as soon as it has more characters than it may keep, so that a huge value costs
//! as little as a small one.

mod instances;
mod text;

use malachite_bigint::BigInt;
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyStr, PyTuple, PyType},
    literal::float,
};
use tracemill_trace::Value;

use super::identity::{has_identity, small_int};
use crate::engines::rustpython::{
    compatibility::set_order::{self, Order, order_labels},
    runtime::termination,
};

/// How deep nested containers are shown. A deeper one ends the text.
const MAX_DEPTH: usize = 100;
/// Integers of more bits are not converted to decimal: the cost grows with the square.
const MAX_INT_BITS: u64 = 60_000;

/// The text has reached its limit: nothing more is written.
pub(crate) struct LimitReached;
/// Whether the writer goes on.
pub(crate) type Progress = Result<(), LimitReached>;

/// A rendered object.
pub(crate) struct Rendered {
    /// Its text, possibly cut.
    pub(crate) text: String,
    /// Characters of the whole text, or a lower bound, when it is cut.
    pub(crate) full_chars: Option<u64>,
    /// The program cannot notice that the object is kept alive a little longer: it holds no generator or the like.
    pub(crate) may_be_kept: bool,
    /// It refers to frames or their variables, which may hold a generator.
    pub(crate) has_frames: bool,
    /// The objects in it that can change in place, in the order of the text.
    pub(crate) inside: Vec<PyObjectRef>,
}

/// Renders one object into a buffer, keeping at most `limit` characters.
pub(crate) fn render_into(mut buffer: String, object: &PyObject, limit: usize, vm: &VirtualMachine) -> Rendered {
    buffer.clear();
    let mut writer = Writer::within(buffer, limit, vm);
    // The error says that the text is cut; the count says the same.
    let _ = writer.object(object);
    let full_chars = (writer.chars > limit || writer.deep).then_some(writer.chars as u64);
    Rendered {
        text: writer.out,
        full_chars,
        may_be_kept: writer.may_be_kept,
        has_frames: writer.has_frames,
        inside: writer.members,
    }
}

/// Renders one object as a value, keeping at most `limit` characters.
pub(crate) fn render(object: &PyObject, limit: usize, vm: &VirtualMachine) -> Value {
    if let Some(number) = small_int(object, vm) {
        return Value::Int(number);
    }
    let Rendered { text, full_chars, .. } = render_into(String::new(), object, limit, vm);
    Value::Text { repr: text, type_name: object.class().name().to_string(), full_chars }
}

/// Writes text up to a number of characters.
pub(crate) struct Writer<'a> {
    out: String,
    chars: usize,
    limit: usize,
    deep: bool,
    may_be_kept: bool,
    has_frames: bool,
    inside: Vec<*const PyObject>,
    /// The objects in it that can change in place, without the outermost.
    members: Vec<PyObjectRef>,
    vm: &'a VirtualMachine,
}

impl<'a> Writer<'a> {
    /// A writer of at most `limit` characters.
    pub(crate) fn new(limit: usize, vm: &'a VirtualMachine) -> Self {
        Self::within(String::new(), limit, vm)
    }

    /// A writer into an empty buffer.
    pub(crate) fn within(out: String, limit: usize, vm: &'a VirtualMachine) -> Self {
        Writer {
            out,
            chars: 0,
            limit,
            deep: false,
            may_be_kept: true,
            has_frames: false,
            inside: Vec::new(),
            members: Vec::new(),
            vm,
        }
    }

    /// Characters written so far, and those beyond the cut that were counted.
    pub(crate) fn chars(&self) -> usize {
        self.chars
    }

    /// The text, possibly cut.
    pub(crate) fn into_text(self) -> String {
        self.out
    }

    /// Writes text as it is, up to the limit.
    pub(crate) fn put(&mut self, text: &str) -> Progress {
        let count = if text.is_ascii() { text.len() } else { text.chars().count() };
        let room = self.limit.saturating_sub(self.chars);
        self.chars += count;
        if count <= room {
            self.out.push_str(text);
            return Ok(());
        }
        let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
        self.out.push_str(&text[..end]);
        Err(LimitReached)
    }

    /// Writes an object of any kind.
    pub(crate) fn object(&mut self, object: &PyObject) -> Progress {
        let vm = self.vm;
        let (class, types) = (object.class(), &vm.ctx.types);
        if class.is(types.int_type) {
            self.int(object)
        } else if class.is(types.str_type) {
            self.string(object)
        } else if class.is(types.bool_type) {
            self.put(if object.is(&vm.ctx.true_value) { "True" } else { "False" })
        } else if vm.is_none(object) {
            self.put("None")
        } else if class.is(types.float_type) {
            self.float(object)
        } else if class.is(types.list_type)
            || class.is(types.tuple_type)
            || class.is(types.dict_type)
            || class.is(types.set_type)
            || class.is(types.frozenset_type)
            || class.is(types.bytes_type)
            || class.is(types.bytearray_type)
        {
            self.payload(object).unwrap_or(Ok(()))
        } else if let Some(class) = object.downcast_ref::<PyType>() {
            self.class(class)
        } else {
            self.instance(object)
        }
    }

    /// Renders what the object holds as an instance of a built-in value or container type, its subclasses included.
    pub(crate) fn payload(&mut self, object: &PyObject) -> Option<Progress> {
        let vm = self.vm;
        let class = object.class();
        Some(if object.downcast_ref::<PyList>().is_some() {
            self.nested(object, "[...]", |writer| {
                // A copy, for rendering may allocate, and a collection may then visit the list.
                let items = object.downcast_ref::<PyList>().map(|list| writer.first(&list.borrow_vec()));
                writer.sequence("[", &items.unwrap_or_default(), "]")
            })
        } else if let Some(tuple) = object.downcast_ref::<PyTuple>() {
            let end = if tuple.as_slice().len() == 1 { ",)" } else { ")" };
            self.nested(object, "(...)", |writer| writer.sequence("(", tuple.as_slice(), end))
        } else if let Some(dict) = object.downcast_ref::<PyDict>() {
            self.nested(object, "{...}", |writer| writer.dict(dict))
        } else if object.downcast_ref::<PySet>().is_some() {
            self.set(object, class.is(vm.ctx.types.set_type))
        } else if object.downcast_ref::<PyFrozenSet>().is_some() {
            self.set(object, false)
        } else if object.downcast_ref::<PyStr>().is_some() {
            self.string(object)
        } else if let Some(bytes) = object.downcast_ref::<PyBytes>() {
            self.bytes(bytes.as_bytes())
        } else if let Some(bytes) = object.downcast_ref::<PyByteArray>() {
            let bytes = bytes.borrow_buf().iter().copied().take(self.limit + 1).collect::<Vec<u8>>();
            self.put("bytearray(").and_then(|()| self.bytes(&bytes)).and_then(|()| self.put(")"))
        } else if object.downcast_ref::<PyInt>().is_some() {
            self.int(object)
        } else if object.downcast_ref::<PyFloat>().is_some() {
            self.float(object)
        } else {
            return None;
        })
    }

    /// Marks the object as being written, and writes `again` when it already is.
    pub(crate) fn nested(
        &mut self,
        object: &PyObject,
        again: &str,
        write: impl FnOnce(&mut Self) -> Progress,
    ) -> Progress {
        let this: *const PyObject = object;
        if !self.inside.is_empty() && has_identity(object, self.vm) {
            self.members.push(object.to_owned());
        }
        if self.inside.contains(&this) {
            return self.put(again);
        }
        if self.inside.len() >= MAX_DEPTH {
            self.deep = true;
            self.put("...")?;
            return Err(LimitReached);
        }
        self.inside.push(this);
        let go = write(self);
        self.inside.pop();
        go
    }

    /// The elements that the limit leaves room for.
    fn first(&self, items: &[PyObjectRef]) -> Vec<PyObjectRef> {
        items.iter().take(self.limit + 1).cloned().collect()
    }

    /// Writes items between brackets, separated by commas.
    pub(crate) fn sequence(&mut self, open: &str, items: &[PyObjectRef], close: &str) -> Progress {
        self.put(open)?;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(", ")?;
            }
            self.object(item)?;
        }
        self.put(close)
    }

    /// Writes the entries of a dictionary in their order.
    pub(crate) fn dict(&mut self, dict: &PyDict) -> Progress {
        self.put("{")?;
        let (mut at, mut first) = (0, true);
        while let Some((next, key, value)) = dict.next_entry(at) {
            at = next;
            if !std::mem::take(&mut first) {
                self.put(", ")?;
            }
            self.object(&key)?;
            self.put(": ")?;
            self.object(&value)?;
        }
        self.put("}")
    }

    fn set(&mut self, object: &PyObject, plain: bool) -> Progress {
        let Order { items, is_sure } = set_order::order(object, self.limit + 1, self.vm);
        let name = object.class().name().to_string();
        if items.is_empty() {
            return self.put(&name).and_then(|()| self.put("()"));
        }
        order_labels::note_shown(is_sure, &items);
        self.nested(object, &format!("{name}(...)"), |writer| {
            if plain {
                return writer.sequence("{", &items, "}");
            }
            writer.put(&name)?;
            writer.sequence("({", &items, "})")
        })
    }

    fn int(&mut self, object: &PyObject) -> Progress {
        let Some(number) = object.downcast_ref::<PyInt>().map(|number| number.as_bigint()) else {
            return Ok(());
        };
        match i64::try_from(number) {
            Ok(number) => self.put(itoa::Buffer::new().format(number)),
            Err(_) if number.bits() <= MAX_INT_BITS => self.put(&number.to_string()),
            Err(_) => self.huge(number),
        }
    }

    fn huge(&mut self, number: &BigInt) -> Progress {
        termination::charge(number.bits());
        self.put(&format!("<int of {} bits>", number.bits()))?;
        // A lower bound of the decimal digits. It exceeds any useful limit.
        self.chars += usize::try_from(number.bits() / 4).unwrap_or(usize::MAX / 2);
        self.deep = true;
        Err(LimitReached)
    }

    fn float(&mut self, object: &PyObject) -> Progress {
        let number = object.downcast_ref::<PyFloat>().map_or(0.0, |number| number.to_f64());
        self.put(&float::to_string(number))
    }
}

#[cfg(test)]
mod tests;

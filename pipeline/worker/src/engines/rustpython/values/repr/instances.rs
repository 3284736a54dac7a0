//! Objects that are not plain values: classes, functions, exceptions, instances of the program's and the library's
//! classes. Part of the writer of [`super`].

use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef,
    builtins::{PyBaseException, PyBoundMethod, PyDict, PyFunction, PyModule, PyStr, PyTuple, PyType},
};
use tracemill_trace::strip_addresses;

use super::{
    super::{identity::small_int, program_repr},
    Progress, Writer,
};
use crate::engines::rustpython::analysis::object_lifetime;

/// Modules of the library whose classes render themselves: they hold plain values and show no address.
const TRUSTED_MODULES: &[&str] = &[
    "fractions",
    "decimal",
    "_pydecimal",
    "_decimal",
    "datetime",
    "_pydatetime",
    "uuid",
    "pathlib",
    "pathlib._local",
    "ipaddress",
    "zoneinfo",
];

/// Native types that render themselves: exactly, cheaply, and without a call to code of the program.
const TRUSTED_TYPES: &[&str] = &[
    "complex",
    "range",
    "ellipsis",
    "NotImplementedType",
    "Match",
    "Pattern",
    "re.Match",
    "re.Pattern",
    "array",
    "memoryview",
    "object",
    "builtin_function_or_method",
    "method_descriptor",
    "wrapper_descriptor",
    "method-wrapper",
    "date",
    "time",
    "datetime",
    "timedelta",
    "timezone",
    "struct_time",
    "float_info",
    "int_info",
    "hash_info",
    "types.GenericAlias",
    "GenericAlias",
    "types.UnionType",
    "UnionType",
    "Union",
    "typing.Union",
];

impl Writer<'_> {
    /// Writes a class: of the program by its name, of the library as Python writes it.
    pub(super) fn class(&mut self, class: &Py<PyType>) -> Progress {
        if is_heap(class) && is_program(&self.module_of(class)) {
            // Read directly: an attribute access might run code of its metaclass.
            let name = class.__qualname__(self.vm);
            let name = name
                .downcast_ref::<PyStr>()
                .map_or_else(|| class.name().to_string(), |name| name.to_string_lossy().into_owned());
            return self.put(&format!("<class {name}>"));
        }
        let module = self.module_of(class);
        let name = class.name().to_string();
        if module.is_empty() || module == "builtins" || name.contains('.') {
            self.put(&format!("<class '{name}'>"))
        } else {
            self.put(&format!("<class '{module}.{name}'>"))
        }
    }

    /// Writes an object that is no plain value: an exception or an instance of a class.
    pub(super) fn instance(&mut self, object: &PyObject) -> Progress {
        if let Some(exception) = object.downcast_ref::<PyBaseException>() {
            self.has_frames = true;
            let name = object.class().name().to_string();
            let args = exception.args();
            return self.nested(object, &format!("{name}(...)"), |writer| {
                writer.put(&name)?;
                writer.sequence("(", args.as_slice(), ")")
            });
        }
        if is_heap(object.class()) { self.python_instance(object) } else { self.native_instance(object) }
    }

    fn python_instance(&mut self, object: &PyObject) -> Progress {
        let class = object.class();
        let name = class.name().to_string();
        let module = self.module_of(class);
        if is_program(&module)
            && let Some(text) = program_repr::render(object, self.vm)
        {
            return self.nested(object, "...", |writer| writer.put(&strip_addresses(&text)));
        }
        if class.class().name().to_string().starts_with("Enum")
            && let Some(dict) = object.dict()
        {
            return self.member(&name, object, &dict);
        }
        if TRUSTED_MODULES.contains(&module.as_str()) {
            return self.native(object);
        }
        if let Some(tuple) = object.downcast_ref::<PyTuple>()
            && let Some(fields) = class.get_attr(self.vm.ctx.intern_str("_fields"))
            && let Some(fields) = fields.downcast_ref::<PyTuple>()
        {
            let names = fields.as_slice().iter().map(|field| text_of(field)).collect::<Vec<_>>();
            let pairs = names.into_iter().zip(tuple.as_slice().iter().cloned()).collect::<Vec<_>>();
            return self.fields(object, &name, &pairs);
        }
        if let Some(dict) = object.downcast_ref::<PyDict>()
            && module == "collections"
            && name == "Counter"
        {
            return self.counter(object, dict);
        }
        if let Some(go) = self.payload(object) {
            return go;
        }
        let mut pairs = self.slots(object);
        if let Some(dict) = object.dict() {
            let mut at = 0;
            while let Some((next, key, value)) = dict.next_entry(at) {
                at = next;
                pairs.push((text_of(&key), value));
            }
            return self.fields(object, &name, &pairs);
        }
        if pairs.is_empty() { self.put(&format!("<{name} object>")) } else { self.fields(object, &name, &pairs) }
    }

    fn fields(&mut self, object: &PyObject, name: &str, pairs: &[(String, PyObjectRef)]) -> Progress {
        self.nested(object, &format!("{name}(...)"), |writer| {
            writer.put(name)?;
            writer.put("(")?;
            for (at, (field, value)) in pairs.iter().enumerate() {
                writer.put(if at > 0 { ", " } else { "" })?;
                writer.put(field)?;
                writer.put("=")?;
                writer.object(value)?;
            }
            writer.put(")")
        })
    }

    /// Values of `__slots__`, base classes first.
    fn slots(&mut self, object: &PyObject) -> Vec<(String, PyObjectRef)> {
        let vm = self.vm;
        let (slots_name, mut pairs) = (vm.ctx.intern_str("__slots__"), Vec::new());
        for class in object.class().mro_collect().iter().rev().filter(|class| is_heap(class)) {
            let Some(slots) = class.get_direct_attr(slots_name) else { continue };
            let names = match slots.downcast_ref::<PyTuple>() {
                Some(tuple) => tuple.as_slice().iter().map(|name| text_of(name)).collect(),
                None if slots.downcast_ref::<PyStr>().is_some() => vec![text_of(&slots)],
                None => {
                    vm.extract_elements_with(&slots, Ok).unwrap_or_default().iter().map(|name| text_of(name)).collect()
                }
            };
            for name in names {
                let Some(descriptor) = class.get_direct_attr(vm.ctx.intern_str(name.as_str())) else { continue };
                // Only the engine's own slot descriptors: a property would run code of the program.
                if descriptor.class().name().to_string() == "member_descriptor"
                    && let Some(Ok(value)) = vm.call_get_descriptor(&descriptor, object)
                {
                    pairs.push((name, value));
                }
            }
        }
        pairs
    }

    fn member(&mut self, class: &str, object: &PyObject, dict: &Py<PyDict>) -> Progress {
        let get = |name: &str| dict.get_item_opt(name, self.vm).ok().flatten();
        let (name, value) = (get("_name_"), get("_value_"));
        self.nested(object, class, |writer| {
            match name.as_ref().and_then(|name| name.downcast_ref::<PyStr>()) {
                Some(name) => writer.put(&format!("<{class}.{}", name.to_string_lossy()))?,
                None => writer.put(&format!("<{class}"))?,
            }
            if let Some(value) = &value {
                writer.put(": ")?;
                writer.object(value)?;
            }
            writer.put(">")
        })
    }

    fn counter(&mut self, object: &PyObject, dict: &Py<PyDict>) -> Progress {
        let mut entries = dict.items_vec();
        let counts = entries.iter().map(|(_, count)| small_int(count, self.vm)).collect::<Option<Vec<_>>>();
        if counts.is_some() {
            // `Counter` shows the most common first; the sort is stable, as Python's is.
            entries.sort_by_key(|(_, count)| std::cmp::Reverse(small_int(count, self.vm)));
        }
        if entries.is_empty() {
            return self.put("Counter()");
        }
        self.nested(object, "Counter(...)", |writer| {
            writer.put("Counter({")?;
            for (at, (key, count)) in entries.iter().enumerate() {
                writer.put(if at > 0 { ", " } else { "" })?;
                writer.object(key)?;
                writer.put(": ")?;
                writer.object(count)?;
            }
            writer.put("})")
        })
    }

    fn native_instance(&mut self, object: &PyObject) -> Progress {
        let vm = self.vm;
        let name = object.class().name().to_string();
        let name = name.rsplit('.').next().unwrap_or(&name).to_owned();
        let attribute = |name: &'static str| object.get_attr(name, vm).ok();
        match name.as_str() {
            "function" => {
                self.has_frames |= object_lifetime::is_closure(object, vm);
                let qualname =
                    object.downcast_ref::<PyFunction>().and_then(|_| self.attribute_text(object, "__qualname__"));
                self.put(&format!("<function {}>", qualname.unwrap_or_default()))
            }
            "method" => self.bound_method(object),
            "module" => {
                let dict = object.downcast_ref::<PyModule>().map(|module| module.dict());
                let name = dict.and_then(|dict| dict.get_item_opt("__name__", vm).ok().flatten());
                self.put(&format!("<module {}>", name.map_or_else(String::new, |name| text_of(&name))))
            }
            "generator" | "coroutine" | "async_generator" => {
                self.may_be_kept = false;
                let qualname = self.attribute_text(object, "__qualname__").unwrap_or_default();
                self.put(&format!("<{name} {qualname}>"))
            }
            "deque" => {
                let items = vm.extract_elements_with(object, Ok).unwrap_or_default();
                let maxlen = attribute("maxlen").filter(|maxlen| !vm.is_none(maxlen));
                self.nested(object, "[...]", |writer| {
                    writer.sequence("deque([", &items, "]")?;
                    if let Some(maxlen) = &maxlen {
                        writer.put(", maxlen=")?;
                        writer.object(maxlen)?;
                    }
                    writer.put(")")
                })
            }
            "defaultdict" | "OrderedDict" => {
                let Some(dict) = object.downcast_ref::<PyDict>() else { return self.put(&format!("<{name}>")) };
                let factory = if name == "defaultdict" { attribute("default_factory") } else { None };
                self.nested(object, &format!("{name}(...)"), |writer| {
                    writer.put(&name)?;
                    writer.put("(")?;
                    if let Some(factory) = &factory {
                        writer.object(factory)?;
                        writer.put(", ")?;
                    } else if dict.is_empty() {
                        return writer.put(")");
                    }
                    writer.dict(dict)?;
                    writer.put(")")
                })
            }
            "dict_keys" | "dict_values" | "dict_items" | "odict_keys" | "odict_values" | "odict_items" => {
                let items = vm.extract_elements_with(object, Ok).unwrap_or_default();
                self.nested(object, "...", |writer| {
                    writer.put(&name)?;
                    writer.sequence("([", &items, "])")
                })
            }
            "slice" => {
                let parts = ["start", "stop", "step"].map(|part| attribute(part).unwrap_or_else(|| vm.ctx.none()));
                self.put("slice")?;
                self.nested(object, "(...)", |writer| writer.sequence("(", &parts, ")"))
            }
            "SimpleNamespace" | "namespace" => {
                let pairs = object.dict().map(|dict| dict.items_vec()).unwrap_or_default();
                let pairs = pairs.into_iter().map(|(key, value)| (text_of(&key), value)).collect::<Vec<_>>();
                self.fields(object, "namespace", &pairs)
            }
            _ if TRUSTED_TYPES.contains(&name.as_str()) => self.native(object),
            _ => {
                if let Some(go) = self.payload(object) {
                    return go;
                }
                // Iterators and other types. Their content is unknown, so they are not kept alive.
                self.may_be_kept = false;
                self.put(&format!("<{name}>"))
            }
        }
    }

    fn bound_method(&mut self, object: &PyObject) -> Progress {
        let vm = self.vm;
        let this = object.downcast_ref::<PyBoundMethod>().and_then(|_| object.get_attr("__self__", vm).ok());
        let name = object
            .get_attr("__func__", vm)
            .ok()
            .and_then(|function| self.attribute_text(&function, "__qualname__"))
            .unwrap_or_default();
        self.put(&format!("<bound method {name} of "))?;
        if let Some(this) = this {
            self.nested(object, "...", |writer| writer.object(&this))?;
        }
        self.put(">")
    }

    /// The type's own `repr`, without addresses.
    fn native(&mut self, object: &PyObject) -> Progress {
        match object.repr(self.vm) {
            Ok(text) => self.put(&as_in_cpython(strip_addresses(&text.to_string_lossy()))),
            Err(_) => self.put(&format!("<{} object>", object.class().name())),
        }
    }

    fn module_of(&self, class: &Py<PyType>) -> String {
        let module = class.get_direct_attr(self.vm.ctx.intern_str("__module__"));
        module
            .filter(|module| module.downcast_ref::<PyStr>().is_some())
            .map_or_else(String::new, |module| text_of(&module))
    }

    fn attribute_text(&self, object: &PyObject, name: &'static str) -> Option<String> {
        let value = object.get_attr(name, self.vm).ok()?;
        value.downcast_ref::<PyStr>().map(|text| text.to_string_lossy().into_owned())
    }
}

/// Corrects the text of a built-in function or method where CPython's differs.
fn as_in_cpython(text: String) -> String {
    // It is a class in CPython and a function in the interpreter.
    if text == "<built-in function reversed>" {
        return "<class 'reversed'>".to_owned();
    }
    if !text.starts_with("<method '") && !text.starts_with("<built-in method ") {
        return text;
    }
    for class in ["deque", "defaultdict", "OrderedDict"] {
        let owner = text.strip_suffix(&format!(" of '{class}' objects>"));
        if let Some(method) = owner {
            return format!("{method} of 'collections.{class}' objects>");
        }
        if let Some(method) = text.strip_suffix(&format!(" of {class} object>")) {
            return format!("{method} of collections.{class} object>");
        }
    }
    text
}

/// Whether Python code made the class, be it the program's or the library's.
pub(super) fn is_heap(class: &Py<PyType>) -> bool {
    class.heaptype_ext().is_some()
}

/// Whether it is the unit's own module.
fn is_program(module: &str) -> bool {
    matches!(module, "__main__" | "unit")
}

fn text_of(object: &PyObject) -> String {
    object.downcast_ref::<PyStr>().map_or_else(String::new, |text| text.to_string_lossy().into_owned())
}

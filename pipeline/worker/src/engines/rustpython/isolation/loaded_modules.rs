//! The standard library, loaded ahead in a template and hidden until a program imports it.
//!
//! ```text
//!  template: import everything in PRELOADED, note what each module's body imports, hide all of it
//!  program:  `import logging` ─▶ `_find_and_load` ─▶ reveal: logging, and what its body imports, in Python's order
//! ```
//!
//! A revealed module is as its own body left it. Where a program has changed what an import depends on (its finders,
//! `sys.modules`, a module that the body would import), the import runs as Python would run it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDictRef, PyList, PyModule, PyStr, PyType},
    function::FuncArgs,
};

use crate::{engines::rustpython::runtime::patch::modules, sandbox::memory};

/// The modules that are loaded ahead, with what their bodies import: modules that real code imports and that the
/// interpreter has, the most frequent first. A test checks that none of their bodies has an effect that another program
/// could see.
pub(crate) const PRELOADED: &[&str] = &[
    "re",
    "collections",
    "collections.abc",
    "typing",
    "functools",
    "itertools",
    "json",
    "math",
    "random",
    "datetime",
    "string",
    "logging",
    "abc",
    "dataclasses",
    "enum",
    "copy",
    "operator",
    "pathlib",
    "warnings",
    "contextlib",
    "types",
    "inspect",
    "hashlib",
    "argparse",
    "unittest",
    "threading",
    "queue",
    "traceback",
    "textwrap",
    "urllib.parse",
    "heapq",
    "bisect",
    "struct",
    "decimal",
    "fractions",
    "numbers",
    "statistics",
    "base64",
    "binascii",
    "uuid",
    "pickle",
    "tempfile",
    "shutil",
    "glob",
    "fnmatch",
    "stat",
    "weakref",
    "csv",
    "html",
    "html.parser",
    "pprint",
    "reprlib",
    "difflib",
    "calendar",
    "array",
    "ast",
    "cmath",
    "colorsys",
    "contextvars",
    "graphlib",
    "keyword",
    "linecache",
    "tokenize",
    "unicodedata",
    "zlib",
    "secrets",
    "shlex",
    "configparser",
    "importlib",
    "copyreg",
    "codecs",
];

/// Modules whose bodies read the clock, with the name that holds the time. The clock is read again when the module is
/// revealed.
const TIMED: &[(&str, &str)] = &[("logging", "_startTime")];

/// The modules that every interpreter has loaded ahead, also one whose programs import nothing else. Real code begins with
/// `from __future__ import annotations` more often than with any other import.
pub(crate) const ALWAYS: &[&str] = &["__future__"];

type Entries = Vec<(PyObjectRef, PyObjectRef)>;

/// A module that no program has imported yet.
struct Hidden {
    module: PyObjectRef,
    /// What its body imports, in order, loaded before or not.
    imports: Vec<String>,
    /// The body of another module put it into `sys.modules`. It has no import of its own.
    is_alias: bool,
}

/// What was loaded ahead.
struct Library {
    hidden: BTreeMap<String, Hidden>,
    /// Names of `hidden` that a program has imported since. One that is taken out of `sys.modules` is loaded anew.
    revealed: BTreeSet<String>,
    /// Every module that is there, hidden or not, as the template left it.
    known: BTreeMap<String, PyObjectRef>,
    /// `sys.modules`, and what `sys.meta_path` holds.
    modules: PyDictRef,
    finders: Vec<PyObjectRef>,
    clock: PyObjectRef,
}

/// Notes taken while modules are loaded ahead.
#[derive(Default)]
struct LoadNotes {
    /// The modules whose bodies run, the outermost first.
    running: Vec<String>,
    imports: BTreeMap<String, Vec<String>>,
    aliases: BTreeSet<String>,
    /// Names in `sys.modules` seen so far.
    seen: BTreeSet<String>,
    /// The namespaces of modules as their bodies left them.
    contents: BTreeMap<String, Entries>,
}

thread_local! {
    static LIBRARY: RefCell<Option<Library>> = const { RefCell::new(None) };
    static NOTES: RefCell<Option<LoadNotes>> = const { RefCell::new(None) };
}

/// Forgets what an earlier interpreter of this thread has loaded.
pub(crate) fn forget() {
    LIBRARY.set(None);
    NOTES.set(None);
}

/// Loads modules and hides them, with those that were hidden before. `clock` is the module that holds the clock.
pub(crate) fn preload(names: &[&str], clock: &PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let loaded = modules(vm)?;
    let base: BTreeMap<String, (PyObjectRef, Entries)> = loaded
        .items_vec()
        .into_iter()
        .map(|(name, module)| (text(&name), (module.clone(), entries(&module))))
        .collect();
    let mut notes = LoadNotes { seen: base.keys().cloned().collect(), ..LoadNotes::default() };
    match LIBRARY.take() {
        Some(earlier) => {
            for (name, Hidden { module, imports, is_alias }) in earlier.hidden {
                loaded.set_item(name.as_str(), module.clone(), vm)?;
                notes.contents.insert(name.clone(), entries(&module));
                notes.imports.insert(name.clone(), imports);
                if is_alias {
                    notes.aliases.insert(name.clone());
                }
                notes.seen.insert(name);
            }
        }
        None => intercept(vm)?,
    }
    NOTES.set(Some(notes));
    let own_import = vm.builtins.get_attr("__import__", vm)?;
    vm.builtins.set_attr("__import__", noting_import(own_import.clone(), vm), vm)?;
    let done = names.iter().try_for_each(|name| vm.import(&vm.ctx.new_str(*name), 0).map(|_| ()));
    vm.builtins.set_attr("__import__", own_import, vm)?;
    let notes = NOTES.take().unwrap_or_default();
    done?;
    hide(&base, notes, clock, vm)
}

/// Removes from `sys.modules` every module that was not there before, and from namespaces what came with them.
fn hide(
    base: &BTreeMap<String, (PyObjectRef, Entries)>,
    mut notes: LoadNotes,
    clock: &PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let loaded = modules(vm)?;
    let mut known = BTreeMap::new();
    let mut hidden = BTreeMap::new();
    for (name, module) in loaded.items_vec() {
        let key = text(&name);
        known.insert(key.clone(), module.clone());
        if base.contains_key(&key) {
            continue;
        }
        loaded.del_item(&*name, vm)?;
        let (imports, is_alias) = (notes.imports.remove(&key).unwrap_or_default(), notes.aliases.contains(&key));
        hidden.insert(key, Hidden { module, imports, is_alias });
    }
    let of_base = base.values().map(|(module, contents)| (module, contents));
    let of_hidden = notes.contents.iter().filter_map(|(name, contents)| Some((&hidden.get(name)?.module, contents)));
    for (module, contents) in of_base.chain(of_hidden) {
        take_back(module, contents, vm)?;
    }
    let finders = vm.sys_module.get_attr("meta_path", vm)?;
    let finders = finders.downcast_ref::<PyList>().map(|list| list.borrow_vec().to_vec()).unwrap_or_default();
    LIBRARY.set(Some(Library {
        hidden,
        revealed: BTreeSet::new(),
        known,
        modules: loaded,
        finders,
        clock: clock.clone(),
    }));
    Ok(())
}

/// Removes modules that later imports have put into a namespace: submodules, and modules that are imported late.
fn take_back(module: &PyObjectRef, before: &Entries, vm: &VirtualMachine) -> PyResult<()> {
    let Some(dict) = module.downcast_ref::<PyModule>().map(|module| module.dict()) else { return Ok(()) };
    let old: BTreeMap<String, &PyObjectRef> = before.iter().map(|(key, value)| (text(key), value)).collect();
    for (key, value) in dict.items_vec() {
        if value.downcast_ref::<PyModule>().is_none() {
            continue;
        }
        match old.get(&text(&key)) {
            Some(old) if old.is(&value) => {}
            Some(old) => dict.set_item(&*key, (*old).clone(), vm)?,
            None => dict.del_item(&*key, vm)?,
        }
    }
    Ok(())
}

/// Wraps the function of `importlib` to which all imports of absent modules come.
fn intercept(vm: &VirtualMachine) -> PyResult<()> {
    let importlib = modules(vm)?.get_item("_frozen_importlib", vm)?;
    let own = importlib.get_attr("_find_and_load", vm)?;
    let replacement = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult { find_and_load(&own, args, vm) };
    importlib.set_attr("_find_and_load", vm.new_function("_find_and_load", replacement), vm)
}

fn find_and_load(own: &PyObjectRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let Some(name) = args.args.first().map(text).filter(|name| !name.is_empty()) else { return own.call(args, vm) };
    if NOTES.with_borrow(Option::is_some) {
        return note_loading(&name, own, args, vm);
    }
    // Where jobs share a process, only the first of them reveals a module.
    match memory::uncharged(|| reveal(&name, vm))? {
        Some(module) => Ok(module),
        None => own.call(args, vm),
    }
}

fn note_loading(name: &str, own: &PyObjectRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let loaded = modules(vm)?;
    note_import(name, &loaded);
    if loaded.get_item_opt(name, vm)?.is_some() {
        return own.call(args, vm);
    }
    with_notes(|notes| {
        notes.seen.insert(name.to_owned());
        notes.running.push(name.to_owned());
    });
    let result = own.call(args, vm);
    note_aliases(&loaded);
    with_notes(|notes| {
        notes.running.pop();
        if let Ok(module) = &result {
            notes.contents.insert(name.to_owned(), entries(module));
        }
    });
    result
}

/// `__import__` while modules are loaded ahead. It sees imports of loaded modules too.
fn noting_import(own: PyObjectRef, vm: &VirtualMachine) -> PyObjectRef {
    let noting = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
        let loaded = modules(vm)?;
        let name = absolute(&args, vm);
        if let Some(name) = &name {
            note_import(name, &loaded);
        }
        let from = args.args.get(3).cloned();
        let result = own.call(args, vm)?;
        if let (Some(name), Some(from)) = (name, from)
            && let Ok(names) = vm.extract_elements_with(&from, Ok)
        {
            for member in names.iter().map(|member| format!("{name}.{}", text(member))) {
                if loaded.get_item_opt(member.as_str(), vm)?.is_some() {
                    note_import(&member, &loaded);
                }
            }
        }
        Ok(result)
    };
    vm.new_function("__import__", noting).into()
}

/// The absolute name of the imported module.
fn absolute(args: &FuncArgs, vm: &VirtualMachine) -> Option<String> {
    let name = text(args.args.first()?);
    let level = args.args.get(4).and_then(|level| level.clone().try_into_value::<usize>(vm).ok()).unwrap_or(0);
    if level == 0 {
        return Some(name);
    }
    let globals = args.args.get(1)?;
    let package = text(&globals.get_item("__package__", vm).ok()?);
    let base = package.rsplitn(level, '.').last()?;
    Some(if name.is_empty() { base.to_owned() } else { format!("{base}.{name}") })
}

/// Notes that the running body imports a module.
fn note_import(name: &str, loaded: &PyDictRef) {
    note_aliases(loaded);
    with_notes(|notes| {
        if let Some(running) = notes.running.last() {
            let imports = notes.imports.entry(running.clone()).or_default();
            if !imports.iter().any(|known| known == name) {
                imports.push(name.to_owned());
            }
        }
    });
}

/// Notes modules that the running body has put into `sys.modules` itself.
fn note_aliases(loaded: &PyDictRef) {
    let names: Vec<String> = loaded.items_vec().iter().map(|(name, _)| text(name)).collect();
    with_notes(|notes| {
        for name in names {
            if notes.seen.insert(name.clone())
                && let Some(running) = notes.running.last()
            {
                notes.imports.entry(running.clone()).or_default().push(name.clone());
                notes.aliases.insert(name);
            }
        }
    });
}

fn with_notes(change: impl FnOnce(&mut LoadNotes)) {
    NOTES.with_borrow_mut(|notes| notes.as_mut().map(change));
}

/// Reveals a module; `None` where the import is to run as Python would run it.
fn reveal(name: &str, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    let Some(order) = LIBRARY.with_borrow(|library| library.as_ref()?.order_of(name, vm)) else { return Ok(None) };
    let loaded = modules(vm)?;
    for step in order {
        match step {
            Step::Begin(name, module) => {
                loaded.set_item(name.as_str(), module, vm)?;
                LIBRARY.with_borrow_mut(|library| library.as_mut().map(|library| library.revealed.insert(name)));
            }
            Step::End(name, module) => {
                // As in Python, a module comes behind those that its body has imported.
                loaded.del_item(name.as_str(), vm)?;
                loaded.set_item(name.as_str(), module.clone(), vm)?;
                if let Some((parent, child)) = name.rsplit_once('.')
                    && let Some(parent) = loaded.get_item_opt(parent, vm)?
                {
                    parent.set_attr(&vm.ctx.new_str(child), module.clone(), vm)?;
                }
                if let Some((_, attribute)) = TIMED.iter().find(|(timed, _)| *timed == name) {
                    let clock = LIBRARY.with_borrow(|library| library.as_ref().map(|library| library.clock.clone()));
                    if let Some(clock) = clock {
                        let now = vm.call_method(&clock, "read_by_library", ())?;
                        module.set_attr(*attribute, now, vm)?;
                    }
                }
            }
        }
    }
    loaded.get_item_opt(name, vm)
}

/// One step of revealing a module: its body begins, or has ended.
enum Step {
    Begin(String, PyObjectRef),
    End(String, PyObjectRef),
}

impl Library {
    /// The steps that reveal a module and its imports; `None` where it is not hidden, or its import would not find
    /// everything as it was.
    fn order_of(&self, name: &str, vm: &VirtualMachine) -> Option<Vec<Step>> {
        let is_hidden = self.hidden.contains_key(name) && !self.revealed.contains(name);
        if !is_hidden || !self.is_untouched(vm) {
            return None;
        }
        let (mut steps, mut begun) = (Vec::new(), BTreeSet::new());
        self.walk(name, &mut begun, &mut steps, vm).then_some(steps)
    }

    /// Whether the finders and `sys.modules` are those of an untouched interpreter.
    fn is_untouched(&self, vm: &VirtualMachine) -> bool {
        let finders = vm.sys_module.get_attr("meta_path", vm).ok();
        let same_finders = finders.as_ref().and_then(|finders| finders.downcast_ref::<PyList>()).is_some_and(|list| {
            let now = list.borrow_vec();
            now.len() == self.finders.len() && now.iter().zip(&self.finders).all(|(one, other)| one.is(other))
        });
        same_finders && modules(vm).is_ok_and(|modules| modules.is(&self.modules))
    }

    /// Adds the steps of a module; `false` where its name refers to another module now.
    fn walk(&self, name: &str, begun: &mut BTreeSet<String>, steps: &mut Vec<Step>, vm: &VirtualMachine) -> bool {
        if let Ok(Some(present)) = self.modules.get_item_opt(name, vm) {
            return self.known.get(name).is_none_or(|known| known.is(&present));
        }
        if self.revealed.contains(name) {
            return false;
        }
        // A module that the interpreter does not have was missing in the template too.
        let Some(hidden) = self.hidden.get(name) else { return true };
        if let Some((parent, _)) = name.rsplit_once('.')
            && !self.walk(parent, begun, steps, vm)
        {
            return false;
        }
        // The body of its parent may have revealed it.
        if !begun.insert(name.to_owned()) {
            return true;
        }
        steps.push(Step::Begin(name.to_owned(), hidden.module.clone()));
        if hidden.is_alias {
            return true;
        }
        if !hidden.imports.iter().all(|import| self.walk(import, begun, steps, vm)) {
            return false;
        }
        steps.push(Step::End(name.to_owned(), hidden.module.clone()));
        true
    }
}

/// The generator that the functions of `random` share. Each program finds it seeded anew.
pub(crate) fn shared_generator(vm: &VirtualMachine) -> PyResult {
    let random = LIBRARY.with_borrow(|library| library.as_ref()?.known.get("random").cloned());
    random
        .ok_or_else(|| vm.new_import_error("random was not loaded ahead", vm.ctx.new_utf8_str("random")))?
        .get_attr("_inst", vm)
}

/// Whether a program of this process has imported a module that was loaded ahead.
pub(crate) fn is_revealed(name: &str) -> bool {
    LIBRARY.with_borrow(|library| library.as_ref().is_some_and(|library| library.revealed.contains(name)))
}

/// Whether a class belongs to a module that no program has imported yet.
pub(crate) fn is_of_hidden_module(class: &PyType, vm: &VirtualMachine) -> bool {
    LIBRARY.with_borrow(|library| {
        let Some(library) = library else { return false };
        let Some(module) = class.get_attr(vm.ctx.intern_str("__module__")) else { return false };
        let name = text(&module);
        library.hidden.contains_key(&name) && !library.revealed.contains(&name)
    })
}

fn entries(module: &PyObjectRef) -> Entries {
    module.downcast_ref::<PyModule>().map(|module| module.dict().items_vec()).unwrap_or_default()
}

fn text(name: &PyObjectRef) -> String {
    name.downcast_ref::<PyStr>().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

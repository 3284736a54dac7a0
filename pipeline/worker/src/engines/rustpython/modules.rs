//! Modules across jobs: which ones stay loaded, and whether a program changed what stays.
//!
//! The engine calls [`Base::prepare`] before a job and [`Base::clean`] after it. Library modules without state of
//! their own are loaded in a clean interpreter the first time a unit imports them, and stay; everything else that a
//! program loads is forgotten with it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyDictRef, PyList, PyModule, PyStr},
};

use super::{interpreter, picture::Picture, stays, stdio::Streams};

/// Library modules that may stay loaded: what they remember cannot be seen from outside.
const STATELESS: &[&str] = &[
    "abc",
    "array",
    "ast",
    "base64",
    "binascii",
    "bisect",
    "calendar",
    "cmath",
    "collections",
    "collections.abc",
    "colorsys",
    "contextlib",
    "contextvars",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "graphlib",
    "hashlib",
    "heapq",
    "html",
    "inspect",
    "io",
    "itertools",
    "json",
    "keyword",
    "math",
    "numbers",
    "operator",
    "os",
    "pprint",
    "random",
    "re",
    "reprlib",
    "statistics",
    "string",
    "struct",
    "sys",
    "textwrap",
    "time",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "zlib",
];

/// What the module of a job's own code may be called: the program itself, or a unit that is called.
pub(super) const OWN_MODULES: &[&str] = &["unit", "__main__"];

/// Names of `sys` that each job sets anew.
const SYS_PER_JOB: &[&str] = &["stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"];

/// What `importlib` writes into the frozen modules that it stands on, each time it is loaded.
const NAMED_BY_IMPORTLIB: &[&str] = &["__name__", "__package__", "__spec__", "__file__"];

/// Lists of `sys` whose contents are put back.
const SYS_LISTS: &[&str] = &["path", "meta_path", "path_hooks", "argv", "warnoptions", "orig_argv"];

/// Dictionaries of the library that are caches: what they hold can be seen through their names only, and a program that
/// has those in its text runs on a fresh interpreter.
const CACHES: &[(&str, &[&str])] = &[
    ("re", &["_cache", "_cache2"]),
    ("re._compiler", &["_cache"]),
    ("linecache", &["cache", "_interactive_cache"]),
    ("sys", &["modules", "path_importer_cache"]),
    ("encodings", &["_cache"]),
    ("_frozen_importlib", &["_module_locks", "_blocking_on"]),
    ("_strptime", &["_regex_cache"]),
];

type Entries = Vec<(PyObjectRef, PyObjectRef)>;

/// What an unused interpreter holds.
pub(super) struct Base {
    builtins: Entries,
    modules: BTreeMap<String, (PyObjectRef, Entries)>,
    /// `sys.modules` as the last look left it.
    loaded: RefCell<Entries>,
    lists: Vec<(PyObjectRef, Vec<PyObjectRef>)>,
    /// What logging holds, where a module that stays has loaded it.
    logging: Option<Logging>,
    /// The filters of warnings: a changed one could raise in the next program.
    filters: Option<(PyObjectRef, Vec<PyObjectRef>)>,
    seeded: Option<PyObjectRef>,
    clock: PyObjectRef,
    /// What all of them hold, deeper than their names.
    picture: Picture,
    /// Context variables that have a value when a job begins.
    variables: usize,
    /// The program's standard streams.
    pub(super) streams: Streams,
}

impl Base {
    /// Takes the picture of a started interpreter. `clock` is the module that holds the clock.
    pub(super) fn new(clock: PyObjectRef, streams: Streams, vm: &VirtualMachine) -> PyResult<Self> {
        let mut lists = Vec::new();
        for name in SYS_LISTS {
            if let Ok(list) = vm.sys_module.get_attr(*name, vm)
                && let Some(items) = list.downcast_ref::<PyList>().map(|list| list.borrow_vec().to_vec())
            {
                lists.push((list, items));
            }
        }
        let filters = vm.import("warnings", 0)?.get_attr("filters", vm)?;
        let filters = filters.downcast_ref::<PyList>().map(|list| (filters.clone(), list.borrow_vec().to_vec()));
        let mut base = Base {
            builtins: entries(&vm.builtins.dict()),
            modules: BTreeMap::new(),
            loaded: RefCell::default(),
            lists,
            logging: None,
            filters,
            seeded: None,
            clock,
            picture: Picture::default(),
            variables: 0,
            streams,
        };
        base.extend(vm)?;
        Ok(base)
    }

    /// Adds what is loaded now and was not before.
    fn extend(&mut self, vm: &VirtualMachine) -> PyResult<()> {
        for (name, module) in modules(vm)?.items_vec() {
            self.modules.entry(text(&name)).or_insert_with(|| {
                let contents = module.downcast_ref::<PyModule>().map(|module| entries(&module.dict()));
                (module, contents.unwrap_or_default())
            });
        }
        self.logging = logging(vm)?;
        if let Some((string, _)) = self.modules.get("string") {
            // Compiles its pattern when it is first used, and keeps it.
            let _ = string.get_attr("Template", vm)?.get_attr("pattern", vm)?;
        }
        self.picture = self.take_picture(vm)?;
        let modules = self.modules.values().map(|(module, _)| module.get_id());
        stays::settle(self.picture.seen().chain(modules));
        // What stays is no garbage: collections, and their timing, are about what a job makes.
        vm.state.gc.collect_force(2);
        vm.state.gc.freeze();
        Ok(())
    }

    fn context_variables(&self, vm: &VirtualMachine) -> PyResult<usize> {
        let Some((module, _)) = self.modules.get("_contextvars") else { return Ok(0) };
        vm.call_method(module, "copy_context", ())?.length(vm)
    }

    fn take_picture(&self, vm: &VirtualMachine) -> PyResult<Picture> {
        let mut picture = Picture::default();
        // The namespaces of modules are compared by name.
        picture.leave_out(vm.builtins.dict().as_object());
        for (module, _) in self.modules.values() {
            if let Some(module) = module.downcast_ref::<PyModule>() {
                picture.leave_out(module.dict().as_object());
            }
        }
        // Each job starts it anew.
        let now = self.clock.get_attr("_now", vm)?;
        picture.leave_out(&now);
        for (module, names) in CACHES {
            if let Some((module, _)) = self.modules.get(*module) {
                for name in *names {
                    if let Some(cache) = vm.get_attribute_opt(module, *name)? {
                        picture.leave_out(&cache);
                    }
                }
            }
        }
        for (_, value) in &self.builtins {
            picture.add(value.clone(), vm);
        }
        for (name, (_, contents)) in &self.modules {
            for (key, value) in contents {
                let per_job = name == "sys" && key_in(key, SYS_PER_JOB);
                if !per_job {
                    picture.add(value.clone(), vm);
                }
            }
        }
        self.streams.classes().into_iter().for_each(|class| picture.add(class, vm));
        picture.finish(vm);
        Ok(picture)
    }

    /// Loads the stateless modules among `imports` and starts clock and random streams anew.
    pub(super) fn prepare(&mut self, imports: &BTreeSet<String>, vm: &VirtualMachine) -> PyResult<()> {
        let missing = |base: &Self, name: &str| STATELESS.contains(&name) && !base.modules.contains_key(name);
        // Other modules may load this one, which writes to native classes that stay.
        let may_load_ast = imports.iter().any(|name| !STATELESS.contains(&name.as_str())) && missing(self, "ast");
        if may_load_ast {
            let _ = vm.import("ast", 0);
        }
        if may_load_ast || imports.iter().any(|name| missing(self, name)) {
            for name in imports {
                if missing(self, name) {
                    // The program will hear of a failure when it imports the module itself.
                    let _ = vm.import(&vm.ctx.new_str(name.as_str()), 0);
                }
            }
            self.extend(vm)?;
        }
        if self.seeded.is_none() && !imports.is_empty() {
            vm.import("random", 0)?;
            let seeded = interpreter::frozen!("<frozen seeded>", "python/seeded.py");
            self.seeded = Some(interpreter::run_module("seeded", seeded, vm)?);
            self.extend(vm)?;
        }
        super::builtins::reset();
        if let Some(seeded) = &self.seeded {
            vm.call_method(seeded, "reset", ())?;
        }
        vm.call_method(&self.clock, "reset", ())?;
        if let Some((decimal, _)) = self.modules.get("decimal") {
            let context = vm.call_method(decimal, "Context", ())?;
            vm.call_method(decimal, "setcontext", (context,))?;
        }
        if !imports.is_empty() {
            self.variables = self.context_variables(vm)?;
        }
        Ok(())
    }

    /// Forgets what the job loaded. Says whether anything that stays was changed; `thorough` looks for that, which only a
    /// program that imports or reaches for special names can have done.
    pub(super) fn clean(&self, thorough: bool, vm: &VirtualMachine) -> PyResult<bool> {
        let loaded = modules(vm)?;
        let before = self.loaded.borrow().len();
        if !thorough && before > 0 && loaded.__len__() == before + 1 {
            // Nothing came but the job's own module, which has one of these names, and nothing can have been replaced.
            for own in OWN_MODULES {
                if !self.modules.contains_key(*own) && loaded.get_item_opt(*own, vm)?.is_some() {
                    loaded.del_item(*own, vm)?;
                    return Ok(false);
                }
            }
        }
        let mut dirty = differs(&self.builtins, &vm.builtins.dict(), &[], vm)?;
        if let Some(own) = last_behind(&self.loaded.borrow(), &loaded) {
            // Nothing came but the job's own module.
            loaded.del_item(&*own, vm)?;
        } else {
            for (name, module) in loaded.items_vec() {
                match self.modules.get(&text(&name)) {
                    Some((before, _)) if before.is(&module) => {}
                    Some((before, _)) => loaded.set_item(&*name, before.clone(), vm)?,
                    None => loaded.del_item(&*name, vm)?,
                }
            }
            *self.loaded.borrow_mut() = entries(&loaded);
        }
        if !thorough {
            return Ok(dirty);
        }
        for (name, (module, contents)) in &self.modules {
            if loaded.get_item_opt(name.as_str(), vm)?.is_none() {
                loaded.set_item(name.as_str(), module.clone(), vm)?;
            }
            let ignored = match name.as_str() {
                "sys" => SYS_PER_JOB,
                "_frozen_importlib" | "_frozen_importlib_external" => NAMED_BY_IMPORTLIB,
                _ => &[],
            };
            if let Some(module) = module.downcast_ref::<PyModule>() {
                dirty |= differs(contents, &module.dict(), ignored, vm)?;
            }
        }
        dirty = dirty || self.context_variables(vm)? != self.variables;
        dirty |= self.logging.is_some() && logging(vm)? != self.logging;
        dirty = dirty || self.picture.difference().is_some();
        if let Some((list, items)) = &self.filters {
            let now = list.downcast_ref::<PyList>().map(|list| list.borrow_vec().to_vec()).unwrap_or_default();
            dirty |= now.len() != items.len() || now.iter().zip(items).any(|(one, other)| !one.is(other));
        }
        for (list, items) in &self.lists {
            if let Some(list) = list.downcast_ref::<PyList>() {
                *list.borrow_vec_mut() = items.clone();
            }
        }
        Ok(dirty)
    }
}

/// How many of these do not stay loaded once a job has imported them.
pub(super) fn passing(imports: &[String]) -> u32 {
    imports.iter().map(|name| u32::from(!STATELESS.contains(&name.as_str()))).sum()
}

/// What a program can change in `logging` and the next one would see: handlers, level, cut-off, loggers.
type Logging = (usize, isize, isize, usize);

fn logging(vm: &VirtualMachine) -> PyResult<Option<Logging>> {
    let Some(module) = modules(vm)?.get_item_opt("logging", vm)? else { return Ok(None) };
    let root = module.get_attr("root", vm)?;
    let manager = root.get_attr("manager", vm)?;
    let number = |object: PyObjectRef| object.try_into_value::<isize>(vm);
    Ok(Some((
        root.get_attr("handlers", vm)?.length(vm)?,
        number(root.get_attr("level", vm)?)?,
        number(manager.get_attr("disable", vm)?)?,
        manager.get_attr("loggerDict", vm)?.length(vm)?,
    )))
}

/// The names among `named` that are loaded.
pub(super) fn loaded(named: &BTreeSet<String>, vm: &VirtualMachine) -> Vec<String> {
    let Ok(modules) = modules(vm) else { return Vec::new() };
    named.iter().filter(|name| matches!(modules.get_item_opt(name.as_str(), vm), Ok(Some(_)))).cloned().collect()
}

/// `sys.modules`, or the dictionary that the program put in its place.
pub(super) fn modules(vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    modules.downcast::<PyDict>().map_err(|_| vm.new_type_error("sys.modules is no dictionary"))
}

fn entries(dict: &PyDictRef) -> Entries {
    dict.items_vec()
}

/// The key of the one entry that is behind these, where all of these are there as they were.
fn last_behind(before: &Entries, now: &PyDictRef) -> Option<PyObjectRef> {
    let (mut at, mut last) = (0, None);
    let mut before = before.iter();
    while let Some((next, key, value)) = now.next_entry(at) {
        at = next;
        match before.next() {
            Some((old_key, old_value)) if old_key.is(&key) && old_value.is(&value) => {}
            None if last.is_none() => last = Some(key),
            _ => return None,
        }
    }
    last.filter(|_| before.next().is_none())
}

fn differs(before: &Entries, now: &PyDictRef, ignored: &[&str], vm: &VirtualMachine) -> PyResult<bool> {
    let is_ignored = |key: &PyObjectRef| key_in(key, ignored);
    let (mut at, mut old) = (0, before.iter().filter(|(key, _)| !is_ignored(key)));
    // The library imports some of its modules late, into its own namespace: that is taken back.
    let mut late = Vec::new();
    while let Some((next, key, value)) = now.next_entry(at) {
        at = next;
        if is_ignored(&key) {
            continue;
        }
        // The order of a dictionary that nobody touched stays; one that was touched and put back counts as changed.
        match old.next() {
            Some((old_key, old_value)) if old_key.is(&key) && old_value.is(&value) => {}
            // A placeholder: `collections` keeps one for `heapq`, `typing` one for `annotationlib`.
            Some((old_key, old_value)) if old_key.is(&key) && value.downcast_ref::<PyModule>().is_some() => {
                late.push((key, Some(old_value.clone())));
            }
            None if value.downcast_ref::<PyModule>().is_some() => late.push((key, None)),
            _ => return Ok(true),
        }
    }
    for (key, value) in late {
        match value {
            Some(value) => now.set_item(&*key, value, vm)?,
            None => now.del_item(&*key, vm)?,
        }
    }
    Ok(old.next().is_some())
}

fn key_in(key: &PyObjectRef, names: &[&str]) -> bool {
    key.downcast_ref::<PyStr>().and_then(|key| key.to_str()).is_some_and(|key| names.contains(&key))
}

fn text(name: &PyObjectRef) -> String {
    name.downcast_ref::<PyStr>().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

//! What a unit needs of the modules of its corpus: which statements of which module, and which names of each import.
//! Called by `extract` for a unit.
//!
//! ```text
//!  unit ─▶ names that its block loads ─▶ blocks that bind them ─▶ imports in them ─▶ names of other modules ─▶ …
//! ```

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::class_code::ClassCode;
use super::module_code::{BlockCode, ModuleCode};
use super::project::{FoundModule, Project};
use super::uses::{ImportCode, ImportTarget, Uses};
use crate::functions::blocks::Role;
use crate::python::is_builtin;

/// How far a chain of re-exports is followed.
const REEXPORTS_MAX: usize = 16;
/// The most modules that a unit may span.
const MODULES_MAX: usize = 64;

/// What is needed of one module.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// `None` for a package without a file.
    pub(super) code: Option<Arc<ModuleCode>>,
    /// Whether it is a package.
    pub(super) is_package: bool,
    /// Names that were looked up in it.
    looked_up: BTreeSet<String>,
    /// Blocks that are needed.
    pub(super) blocks: BTreeSet<usize>,
    /// The names that are needed of blocks that are import statements.
    pub(super) bound: BTreeSet<(usize, String)>,
    /// The methods that are needed of classes that do not come whole.
    pub(super) methods: BTreeMap<usize, BTreeSet<usize>>,
}

/// A method of a class: its module, the block, and its place in the class.
type Method = (Arc<ModuleCode>, usize, usize);

/// Why a unit cannot be cut into slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::functions) enum NoSlices {
    /// It would span too many modules.
    TooManyModules,
    /// Its slices would be longer than `functions.source_bytes_max`.
    TooLong,
}

impl NoSlices {
    /// The word in `stats`.
    pub(in crate::functions) fn name(self) -> &'static str {
        match self {
            NoSlices::TooManyModules => "slices_too_many",
            NoSlices::TooLong => "slices_too_long",
        }
    }
}

/// The statements that a unit needs, by the names of their modules.
pub(super) struct Closure<'p> {
    project: &'p dyn Project,
    /// The unit's own module.
    own: Arc<ModuleCode>,
    /// The unit's block in it.
    own_block: usize,
    /// The unit's top-level name.
    own_name: String,
    pub(super) modules: BTreeMap<String, Needed>,
    /// Names to look up.
    todo: Vec<(String, String)>,
    /// Whether methods that nothing reaches are dropped.
    drops_methods: bool,
    /// The unit's own method.
    own_method: Option<String>,
    /// Words by which methods may be reached, and methods that wait for theirs.
    words: BTreeSet<String>,
    waiting: BTreeMap<String, Vec<Method>>,
    reached: Vec<Method>,
    /// Bytes of the blocks that were taken, and their limit.
    bytes: usize,
    bytes_max: usize,
    /// Whether a module provides a name, as far as it was asked. Star imports may form cycles.
    provided: RefCell<HashMap<(String, String), bool>>,
    refusal: Option<NoSlices>,
}

/// The unit that is cut.
pub(in crate::functions) struct UnitBlock<'u> {
    /// Its block in its own module.
    pub(in crate::functions) block: usize,
    /// The top-level name that leads to it.
    pub(in crate::functions) top_name: &'u str,
    /// Whether a block that binds the name belongs to it.
    pub(in crate::functions) may_rebind: &'u dyn Fn(usize) -> bool,
    /// Its name, and where that is in its own module.
    pub(in crate::functions) name: &'u str,
    pub(in crate::functions) name_at: usize,
    /// The most bytes that its source may have.
    pub(in crate::functions) bytes_max: usize,
    /// Whether methods of classes that nothing reaches by their names are dropped.
    pub(in crate::functions) drops_methods: bool,
}

impl<'p> Closure<'p> {
    /// Finds all that a unit needs.
    ///
    /// # Errors
    /// Why there are no slices.
    pub(super) fn find(
        project: &'p dyn Project,
        own: &Arc<ModuleCode>,
        unit: &UnitBlock<'_>,
    ) -> Result<Self, NoSlices> {
        let mut closure = Closure {
            project,
            own: Arc::clone(own),
            own_block: unit.block,
            own_name: unit.top_name.to_owned(),
            modules: BTreeMap::new(),
            todo: Vec::new(),
            drops_methods: unit.drops_methods,
            own_method: (unit.name != unit.top_name).then(|| unit.name.to_owned()),
            words: BTreeSet::new(),
            waiting: BTreeMap::new(),
            reached: Vec::new(),
            bytes: 0,
            bytes_max: unit.bytes_max,
            provided: RefCell::default(),
            refusal: None,
        };
        closure.add_parents(&own.name);
        let is_package = own.is_package;
        closure
            .modules
            .insert(own.name.clone(), Needed { code: Some(Arc::clone(own)), is_package, ..Needed::default() });
        closure.take(own, unit.block, None);
        closure.todo.push((own.name.clone(), unit.top_name.to_owned()));
        loop {
            if let Some((code, block, method)) = closure.reached.pop() {
                closure.take_method(&code, block, method);
            } else if let Some((module, name)) = closure.todo.pop() {
                closure.look_up(&module, &name, unit.may_rebind);
            } else {
                return Ok(closure);
            }
            if let Some(refusal) = closure.refusal {
                return Err(refusal);
            }
        }
    }

    /// Whether the unit needs another module.
    pub(super) fn spans_modules(&self) -> bool {
        self.modules.values().any(|needed| {
            let is_own = needed.code.as_ref().is_some_and(|code| code.name == self.own.name);
            !is_own && !needed.blocks.is_empty()
        }) || self.modules.len() > 1 + self.own.name.matches('.').count()
    }

    /// Finds the blocks of a module that bind a name.
    fn look_up(&mut self, module: &str, name: &str, may_rebind: &dyn Fn(usize) -> bool) {
        let Some(needed) = self.modules.get_mut(module) else { return };
        if !needed.looked_up.insert(name.to_owned()) {
            return;
        }
        let Some(code) = needed.code.clone() else { return };
        let is_own_name = module == self.own.name && name == self.own_name;
        if let Some(binders) = code.binders.get(name) {
            let is_import = code.import_of(name).is_some();
            for &block in binders.iter().filter(|block| !is_own_name || may_rebind(**block)) {
                self.take(&code, block, Some(name));
            }
            if !is_import {
                for &block in code.changers.get(name).into_iter().flatten() {
                    self.take(&code, block, None);
                }
            }
            return;
        }
        if is_builtin(name) {
            return;
        }
        let stars: Vec<(usize, String)> = code.stars().map(|(block, star)| (block, star.to_owned())).collect();
        for (block, star) in stars {
            match self.project.find(&code.path, &star) {
                Some(found) if self.provides(&found, name, 0) => {
                    self.take_block(&code, block);
                    self.demand(&found, name);
                    return;
                }
                Some(_) => {}
                // A library's module: nobody here knows its names.
                None => self.take_block(&code, block),
            }
        }
        if let Some(below) = self.below_package(&code, name) {
            self.add(&below);
            self.take_import_of(&code, &below);
        }
    }

    /// Takes a block, or the one name that is needed of an import statement.
    fn take(&mut self, code: &Arc<ModuleCode>, block: usize, name: Option<&str>) {
        let BlockCode { is_import, uses: Uses { imports, .. }, .. } = &code.blocks[block];
        if let (true, Some(name)) = (*is_import, name) {
            for import in imports.iter().filter(|import| import.bound == name) {
                self.take_block(code, block);
                if let Some(needed) = self.modules.get_mut(&code.name) {
                    needed.bound.insert((block, name.to_owned()));
                }
                self.follow(code, import);
            }
            return;
        }
        self.take_block(code, block);
    }

    /// Takes a block, and looks for what it loads and imports.
    fn take_block(&mut self, code: &Arc<ModuleCode>, block: usize) {
        let Some(needed) = self.modules.get_mut(&code.name) else { return };
        if !needed.blocks.insert(block) {
            return;
        }
        let BlockCode { range, is_import, uses, class, .. } = &code.blocks[block];
        if *is_import {
            return;
        }
        match class.as_ref().filter(|class| self.drops_methods && self.may_drop_methods(code, class)) {
            Some(class) => {
                let methods: usize = class.methods.iter().map(|method| method.lines.len()).sum();
                self.add_bytes(range.len().saturating_sub(methods));
                self.take_class(code, block, class);
            }
            None => {
                self.add_bytes(range.len());
                self.take_uses(code, uses);
            }
        }
    }

    fn add_bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > self.bytes_max && (self.drops_methods || self.spans_modules()) {
            self.refusal = Some(NoSlices::TooLong);
        }
    }

    /// Whether nothing can look at methods of a class but by their names: its bases are of the corpus or built in, or of
    /// the library's modules for abstract classes and types.
    fn may_drop_methods(&self, code: &ModuleCode, class: &ClassCode) -> bool {
        let is_known = |base: &String| match code.import_of(base) {
            Some(import) => {
                matches!(import.loaded.as_str(), "abc" | "typing" | "enum" | "collections.abc" | "numbers")
                    || self.project.find(&code.path, &import.loaded).is_some()
            }
            None => code.binders.contains_key(base) || is_builtin(base),
        };
        !class.is_whole && class.bases.iter().all(is_known)
    }

    /// Takes a class without its methods, and those methods that are reached already.
    fn take_class(&mut self, code: &Arc<ModuleCode>, block: usize, class: &ClassCode) {
        if let Some(needed) = self.modules.get_mut(&code.name) {
            needed.methods.entry(block).or_default();
        }
        let is_own = code.name == self.own.name && block == self.own_block;
        for (place, method) in class.methods.iter().enumerate() {
            let is_own = is_own && self.own_method.as_ref() == Some(&method.name);
            let here = (Arc::clone(code), block, place);
            if method.is_kept || is_own || self.words.contains(&method.name) {
                self.reached.push(here);
            } else {
                self.waiting.entry(method.name.clone()).or_default().push(here);
            }
        }
        self.take_uses(code, &class.rest);
    }

    fn take_method(&mut self, code: &Arc<ModuleCode>, block: usize, place: usize) {
        let Some(method) = code.blocks[block].class.as_ref().and_then(|class| class.methods.get(place)) else { return };
        let Some(needed) = self.modules.get_mut(&code.name) else { return };
        if needed.methods.entry(block).or_default().insert(place) {
            self.add_bytes(method.lines.len());
            self.take_uses(code, &method.uses);
        }
    }

    /// Looks for what a piece of a module uses.
    fn take_uses(&mut self, code: &Arc<ModuleCode>, uses: &Uses) {
        let Uses { imports, loads, attributes, local_attributes, stars, words, is_dynamic } = uses;
        if self.drops_methods {
            if *is_dynamic {
                self.refusal = Some(NoSlices::TooLong);
                return;
            }
            for word in words.iter().chain(loads) {
                if self.words.insert(word.clone()) {
                    self.reached.extend(self.waiting.remove(word).into_iter().flatten());
                }
            }
        }
        if loads.contains("globals") {
            let (name, path) = (code.name.clone(), Some(code.path.clone()));
            self.take_whole(&FoundModule { name, path, is_package: code.is_package });
        }
        self.todo.extend(loads.iter().map(|name| (code.name.clone(), name.clone())));
        imports.iter().for_each(|import| self.follow(code, import));
        for star in stars {
            if let Some(found) = self.project.find(&code.path, star) {
                self.add(&found);
            }
        }
        for (name, chains) in attributes {
            if let Some(module) = self.module_named(code, name, 0) {
                chains.iter().for_each(|chain| self.walk(&module, chain));
            }
        }
        for (name, chains) in local_attributes {
            let import = imports.iter().find(|import| import.bound == *name);
            if let Some(module) = import.and_then(|import| self.module_behind(&code.path, import, 0)) {
                chains.iter().for_each(|chain| self.walk(&module, chain));
            }
        }
    }

    /// Adds what an import loads, and looks for the name that it takes from there.
    fn follow(&mut self, code: &ModuleCode, import: &ImportCode) {
        let Some(loaded) = self.project.find(&code.path, &import.loaded) else { return };
        self.add(&loaded);
        if let ImportTarget::Member(_, name) = &import.target {
            self.demand(&loaded, name);
        }
    }

    /// Looks for a name of a module, which may be a module below it.
    fn demand(&mut self, module: &FoundModule, name: &str) {
        if self.provides(module, name, 0) {
            self.add(module);
            self.todo.push((module.name.clone(), name.to_owned()));
        } else if let Some(below) = self.below(module, name) {
            self.add(&below);
        } else if self.code(module).is_some_and(|code| code.binders.contains_key("__getattr__")) {
            // It makes names when they are asked for.
            self.take_whole(module);
        }
    }

    /// Takes all of a module, of which any name may be used.
    fn take_whole(&mut self, module: &FoundModule) {
        self.add(module);
        let Some(code) = self.modules.get(&module.name).and_then(|needed| needed.code.clone()) else { return };
        for (block, BlockCode { role, uses: Uses { imports, .. }, .. }) in code.blocks.iter().enumerate() {
            if *role == Role::Other {
                imports.iter().for_each(|import| self.take(&code, block, Some(&import.bound)));
                self.take(&code, block, None);
            }
        }
    }

    /// Follows attributes that are read from a module.
    fn walk(&mut self, module: &FoundModule, chain: &[String]) {
        let mut module = module.clone();
        for name in chain {
            self.demand(&module, name);
            let next = match self.provides(&module, name, 0) {
                true => self.code(&module).and_then(|code| self.module_named(&code, name, 0)),
                false => {
                    let below = self.below(&module, name);
                    if let (Some(below), Some(code)) = (&below, self.code(&module)) {
                        self.take_import_of(&code, below);
                    }
                    below
                }
            };
            match next {
                Some(next) => module = next,
                None => return,
            }
        }
        // The module itself is a value.
        self.take_whole(&module);
    }

    /// Takes a statement of a package that imports from a module below it, so that the module is its attribute.
    fn take_import_of(&mut self, code: &Arc<ModuleCode>, below: &FoundModule) {
        for (block, BlockCode { uses: Uses { imports, stars, .. }, .. }) in code.blocks.iter().enumerate() {
            if stars.contains(&below.name) {
                return self.take_block(code, block);
            }
            if let Some(import) = imports.iter().find(|import| import.loaded == below.name) {
                return self.take(code, block, Some(&import.bound));
            }
        }
    }

    /// The module that a name of a module is bound to; `None` where it is something else.
    fn module_named(&self, code: &ModuleCode, name: &str, depth: usize) -> Option<FoundModule> {
        if depth > REEXPORTS_MAX {
            return None;
        }
        if let Some(import) = code.import_of(name) {
            return self.module_behind(&code.path, import, depth + 1);
        }
        if code.binders.contains_key(name) {
            return None;
        }
        let by_star = code.stars().find_map(|(_, star)| {
            let found = self.project.find(&code.path, star)?;
            let provides = self.provides(&found, name, depth + 1);
            self.module_named(self.code(&found).filter(|_| provides)?.as_ref(), name, depth + 1)
        });
        by_star.or_else(|| self.below_package(code, name))
    }

    /// The module of that name below a package: once it is imported, it is a name of the package.
    fn below_package(&self, code: &ModuleCode, name: &str) -> Option<FoundModule> {
        let ModuleCode { path, name: package, is_package: true, .. } = code else { return None };
        let package = FoundModule { name: package.clone(), path: Some(path.clone()), is_package: true };
        self.below(&package, name)
    }

    /// The module that an import binds its name to; `None` where it is something else.
    fn module_behind(&self, path: &str, import: &ImportCode, depth: usize) -> Option<FoundModule> {
        match &import.target {
            ImportTarget::Module(module) => self.project.find(path, module),
            ImportTarget::Member(module, name) => {
                let module = self.project.find(path, module)?;
                match self.provides(&module, name, depth) {
                    true => self.module_named(self.code(&module)?.as_ref(), name, depth + 1),
                    false => self.below(&module, name),
                }
            }
        }
    }

    /// Whether the module binds the name, itself or by a star import.
    fn provides(&self, module: &FoundModule, name: &str, depth: usize) -> bool {
        let Some(code) = self.code(module).filter(|_| depth <= REEXPORTS_MAX) else { return false };
        if code.binders.contains_key(name) {
            // `from . import name` in the package itself binds the module below it.
            let itself = ImportTarget::Member(code.name.clone(), name.to_owned());
            return code.import_of(name).is_none_or(|import| import.target != itself);
        }
        if code.stars().next().is_none() {
            return false;
        }
        let asked = (module.name.clone(), name.to_owned());
        if let Some(known) = self.provided.borrow().get(&asked) {
            return *known;
        }
        self.provided.borrow_mut().insert(asked.clone(), false);
        let provides = code.stars().any(|(_, star)| {
            let found = self.project.find(&code.path, star);
            found.is_some_and(|found| self.provides(&found, name, depth + 1))
        });
        self.provided.borrow_mut().insert(asked, provides);
        provides
    }

    /// The module of that name in a package.
    fn below(&self, module: &FoundModule, name: &str) -> Option<FoundModule> {
        self.project.below(module, name)
    }

    fn code(&self, module: &FoundModule) -> Option<Arc<ModuleCode>> {
        if module.path.as_deref() == Some(&self.own.path) {
            return Some(Arc::clone(&self.own));
        }
        self.project.code(module)
    }

    /// Adds a module and the packages that it is in.
    fn add(&mut self, module: &FoundModule) {
        if self.modules.contains_key(&module.name) {
            return;
        }
        if self.modules.len() >= MODULES_MAX {
            self.refusal = Some(NoSlices::TooManyModules);
            return;
        }
        self.add_parents(&module.name);
        let needed = Needed { code: self.code(module), is_package: module.is_package, ..Needed::default() };
        self.modules.insert(module.name.clone(), needed);
    }

    fn add_parents(&mut self, name: &str) {
        if let Some((parent, _)) = name.rsplit_once('.') {
            let found = self.project.find(&self.own.path, parent);
            let namespace = FoundModule { name: parent.to_owned(), path: None, is_package: true };
            self.add(&found.unwrap_or(namespace));
        }
    }

    /// The needed blocks of a module, with those of `from __future__` where it has any other.
    pub(super) fn blocks_of(&self, needed: &Needed) -> BTreeSet<usize> {
        let mut blocks = needed.blocks.clone();
        if let Some(code) = needed.code.as_ref().filter(|_| !blocks.is_empty()) {
            blocks.extend((0..code.blocks.len()).filter(|&block| code.blocks[block].role == Role::Future));
        }
        blocks
    }

    /// The names of the modules in the order in which they are shown: what a module imports before it, packages before
    /// what is in them, the unit's own last.
    pub(super) fn order(&self) -> Vec<&str> {
        let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
        seen.insert(self.own.name.as_str());
        self.visit_imports(&self.own.name, &mut seen, &mut order);
        // Modules that are only there.
        self.modules.keys().for_each(|name| self.visit(name, &mut seen, &mut order));
        order.push(self.own.name.as_str());
        order
    }

    fn visit<'s>(&'s self, name: &'s str, seen: &mut BTreeSet<&'s str>, order: &mut Vec<&'s str>) {
        let Some((name, _)) = self.modules.get_key_value(name) else { return };
        if !seen.insert(name) {
            return;
        }
        if let Some((parent, _)) = name.rsplit_once('.') {
            self.visit(parent, seen, order);
        }
        self.visit_imports(name, seen, order);
        order.push(name);
    }

    fn visit_imports<'s>(&'s self, name: &'s str, seen: &mut BTreeSet<&'s str>, order: &mut Vec<&'s str>) {
        let Some(needed) = self.modules.get(name) else { return };
        let Some(code) = &needed.code else { return };
        for &block in &needed.blocks {
            let Uses { imports, stars, .. } = &code.blocks[block].uses;
            let loaded = imports.iter().flat_map(|import| match &import.target {
                ImportTarget::Member(module, name) => [Some(module.clone()), Some(format!("{module}.{name}"))],
                ImportTarget::Module(_) => [Some(import.loaded.clone()), None],
            });
            for loaded in loaded.flatten().chain(stars.iter().cloned()) {
                if let Some((loaded, _)) = self.modules.get_key_value(&loaded) {
                    self.visit(loaded, seen, order);
                }
            }
        }
    }
}

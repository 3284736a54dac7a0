//! Which modules of a crate use which, and the cycles among the modules of a folder.
//!
//! A module uses another one where a path leads into it: an import, or a path in an expression, a type or a macro. A name
//! that a module hands on (`pub use`, or an import that a module inside it finds through `super`) leads to where it comes
//! from. What is compiled for tests only is kept apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::paths::{self, ModuleText};
use crate::harness::repository;

/// A module's name: its path in the crate, empty for the root.
pub(super) type Name = Vec<String>;

/// The modules of a crate.
pub(super) struct Crate(BTreeMap<Name, Module>);

struct Module {
    file: PathBuf,
    /// Whether it is compiled for tests only.
    is_test: bool,
    text: ModuleText,
    /// What its own imports call modules and items of the crate.
    imported: BTreeMap<String, Name>,
}

/// One use of a module by another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) from: Name,
    pub(super) to: Name,
    pub(super) is_test: bool,
    /// The file and the path that stands there.
    pub(super) place: String,
}

/// The modules right below one, each with those that it uses and an example of that.
pub(super) type Edges = BTreeMap<String, BTreeMap<String, String>>;

impl Crate {
    /// Reads a crate from its root file, such as `pipeline/lib.rs`, along the declarations of its modules.
    pub(super) fn read(root: &str) -> Crate {
        let mut modules = BTreeMap::new();
        let path = repository(root);
        let text = parse(&path);
        add(&mut modules, Vec::new(), path, text, false);
        let names: Vec<Name> = modules.keys().cloned().collect();
        let mut crate_ = Crate(modules);
        for name in names {
            let imports = crate_.0[&name].text.imports.clone();
            let imported = imports.iter().filter_map(|import| {
                let target = crate_.absolute(&name, &import.path.segments)?;
                Some((import.name.clone()?, target))
            });
            let imported = imported.collect();
            if let Some(module) = crate_.0.get_mut(&name) {
                module.imported = imported;
            }
        }
        crate_
    }

    /// Every use of one module by another one.
    pub(super) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (name, module) in &self.0 {
            let imports = module.text.imports.iter().map(|import| &import.path);
            for path in imports.chain(&module.text.paths) {
                let Some(target) = self.absolute(name, &path.segments) else { continue };
                let to = self.module_of(target);
                let place = format!("{}: {}", module.file.display(), path.segments.join("::"));
                uses.push(Use { from: name.clone(), to, is_test: module.is_test || path.is_test, place });
            }
        }
        uses
    }

    /// Imports of everything that a module of the crate holds, outside tests: what they bring in is not seen here.
    pub(super) fn globs(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, module) in self.0.iter().filter(|(_, module)| !module.is_test) {
            for import in module.text.imports.iter().filter(|import| import.is_glob && !import.path.is_test) {
                if self.absolute(name, &import.path.segments).is_some_and(|target| self.0.contains_key(&target)) {
                    found.push(format!("{}: {}::*", module.file.display(), import.path.segments.join("::")));
                }
            }
        }
        found
    }

    /// The modules right below one, and how they use each other outside tests. What its own file holds belongs to none of
    /// them.
    pub(super) fn edges_below(&self, parent: &[&str]) -> Edges {
        let below = |name: &Name| {
            let is_below = name.len() > parent.len() && name.iter().zip(parent).all(|(one, other)| one == other);
            is_below.then(|| name[parent.len()].clone())
        };
        let mut edges: Edges = self.0.keys().filter_map(below).map(|child| (child, BTreeMap::new())).collect();
        for used in self.uses().into_iter().filter(|used| !used.is_test) {
            if let (Some(from), Some(to)) = (below(&used.from), below(&used.to))
                && from != to
            {
                edges.entry(from).or_default().entry(to).or_insert(used.place);
            }
        }
        edges
    }

    /// Where a path leads from a module; `None` out of the crate, or to what the module itself holds.
    fn absolute(&self, from: &Name, segments: &[String]) -> Option<Name> {
        let (first, mut rest) = segments.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => {
                let mut parent = from.clone();
                parent.pop()?;
                while let Some((next, behind)) = rest.split_first()
                    && next == "super"
                {
                    parent.pop()?;
                    rest = behind;
                }
                parent
            }
            word => {
                let child = [from.as_slice(), &[word.to_owned()]].concat();
                match self.0.contains_key(&child) {
                    true => child,
                    false => self.0.get(from)?.imported.get(word)?.clone(),
                }
            }
        };
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The module that holds what a path leads to, along the names that modules hand on.
    fn module_of(&self, mut path: Name) -> Name {
        // Each step replaces a name by where it comes from; names that lead to each other do not compile.
        for _ in 0..64 {
            let depth = (0..=path.len()).rev().find(|&depth| self.0.contains_key(&path[..depth])).unwrap_or(0);
            let (module, rest) = path.split_at(depth);
            let Some((item, behind)) = rest.split_first() else { return path };
            match self.0[module].imported.get(item) {
                Some(target) if *target != path => path = [target.as_slice(), behind].concat(),
                _ => return module.to_vec(),
            }
        }
        path
    }
}

fn parse(path: &Path) -> ModuleText {
    let source = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    ModuleText::parse(&source).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn add(modules: &mut BTreeMap<Name, Module>, name: Name, file: PathBuf, text: ModuleText, is_test: bool) {
    for paths::Child { name: child, is_test: is_test_child, file: named, inline } in text.children.clone() {
        let child_name = [name.as_slice(), std::slice::from_ref(&child)].concat();
        let is_test = is_test || is_test_child;
        match inline {
            Some(text) => add(modules, child_name, file.clone(), text, is_test),
            None => {
                let file = file_of(&file, &name, &child, named);
                let text = parse(&file);
                add(modules, child_name, file, text, is_test);
            }
        }
    }
    modules.insert(name, Module { file, is_test, text, imported: BTreeMap::new() });
}

/// The file of a module that another file declares.
fn file_of(parent: &Path, parent_name: &Name, child: &str, named: Option<String>) -> PathBuf {
    let folder = parent.parent().unwrap_or(Path::new(""));
    if let Some(named) = named {
        return folder.join(named);
    }
    let stem = parent.file_stem().unwrap_or_default();
    let is_root = parent_name.is_empty() || stem == "mod";
    let folder = if is_root { folder.to_owned() } else { folder.join(stem) };
    let (alone, with_folder) = (folder.join(format!("{child}.rs")), folder.join(child).join("mod.rs"));
    if alone.is_file() { alone } else { with_folder }
}

/// The cycles: sets of modules each of which reaches all others of its set, with the uses inside the set.
pub(super) fn cycles(edges: &Edges) -> Vec<String> {
    let reached = |from: &str| {
        let (mut reached, mut pending) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(next) = pending.pop() {
            let targets = edges.get(&next).into_iter().flat_map(BTreeMap::keys);
            pending.extend(targets.filter(|target| reached.insert((*target).clone())).cloned());
        }
        reached
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = edges.keys().map(|name| (name, reached(name))).collect();
    let mut told = BTreeSet::new();
    let mut cycles = Vec::new();
    for (name, targets) in &reached {
        let is_in_it = |other: &&String| targets.contains(*other) && reached[*other].contains(*name);
        let cycle: Vec<&String> = reached.keys().copied().filter(is_in_it).collect();
        if cycle.is_empty() || !told.insert(cycle.clone()) {
            continue;
        }
        let mut text = cycle.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        for from in &cycle {
            for (to, place) in edges[*from].iter().filter(|(to, _)| cycle.contains(to)) {
                text.push_str(&format!("\n  {from} uses {to}: {place}"));
            }
        }
        cycles.push(text);
    }
    cycles
}

/// The uses that lead upwards in an order of modules, lowest first. A module that the order does not name is one too.
pub(super) fn against_order(edges: &Edges, order: &[&str]) -> Vec<String> {
    let place = |name: &str| order.iter().position(|known| *known == name);
    let unnamed = edges.keys().filter(|name| place(name).is_none()).map(|name| format!("{name} has no place"));
    let upward = edges.iter().flat_map(|(from, targets)| {
        let is_upward = move |(to, _): &(&String, &String)| place(from) < place(to);
        targets.iter().filter(is_upward).map(move |(to, place)| format!("{from} uses {to}: {place}"))
    });
    unnamed.chain(upward).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::folder;

    /// A crate of three modules in a cycle.
    fn example() -> Crate {
        let files = folder(&[
            ("lib.rs", "pub mod a;\nmod b;\nmod c;\npub use b::X;\n"),
            ("a.rs", "use crate::{nothing, b::{X as Y}};\nfn f(_: Y) {}\n"),
            ("b.rs", "pub struct X;\npub fn f() { assert_eq!(super::c::g(), 1) }\n#[cfg(test)]\nmod tests;\n"),
            ("b/tests.rs", "use super::*;\nuse crate::a;\n"),
            ("c/mod.rs", "mod d;\nmod e;\nmod h;\npub use d::g;\nuse crate::a::f;\n"),
            ("c/d.rs", "pub fn g() -> u8 { 1 }\n"),
            ("c/e.rs", "use super::g;\nfn i() { g() }\n"),
            ("c/h.rs", "use crate::X;\n// use super::e;\n"),
        ]);
        Crate::read(&files.path().join("lib.rs").display().to_string())
    }

    /// The edges as `FROM TO`.
    fn pairs(edges: &Edges) -> Vec<String> {
        edges.iter().flat_map(|(from, to)| to.keys().map(move |to| format!("{from} {to}"))).collect()
    }

    #[test]
    fn uses_are_found_through_braces_macros_and_names_that_are_handed_on() {
        let crate_ = example();
        assert_eq!(pairs(&crate_.edges_below(&[])), ["a b", "b c", "c a", "c b"]);
        assert_eq!(pairs(&crate_.edges_below(&["c"])), ["e d"]);
        assert_eq!(pairs(&crate_.edges_below(&["b"])), [""; 0]);
        let in_test = crate_.uses().into_iter().find(|used| used.from == ["b", "tests"] && used.to == ["a"]);
        assert!(in_test.is_some_and(|used| used.is_test));
        assert_eq!(crate_.globs(), [""; 0], "a test may bring in everything");
    }

    #[test]
    fn cycles_are_named_with_the_uses_that_make_them() {
        let edges = example().edges_below(&[]);
        let found = cycles(&edges);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("a, b, c\n  a uses b: "), "{}", found[0]);
        assert!(found[0].contains("/b.rs: super::c::g\n"), "{}", found[0]);
        let straight = Edges::from([("a".into(), [("b".into(), String::new())].into()), ("b".into(), BTreeMap::new())]);
        assert_eq!(cycles(&straight), [""; 0]);
    }

    #[test]
    fn an_order_allows_what_leads_downwards() {
        let edges = example().edges_below(&["c"]);
        assert_eq!(against_order(&edges, &["d", "h", "e"]), [""; 0]);
        let upward = against_order(&edges, &["h", "e", "d"]);
        assert!(upward.len() == 1 && upward[0].starts_with("e uses d: "), "{upward:?}");
        assert_eq!(against_order(&edges, &["d", "e"]), ["h has no place"]);
    }
}

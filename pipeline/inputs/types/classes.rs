//! The classes of a unit: how their instances are made, and which methods they have. Used by `values` and
//! `prepared_instances`.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::{Decorator, Expr, ExprCall, Stmt, StmtClassDef};
use tracemill_schemas::Parameter;

use crate::inputs::unit::Unit;
use crate::python::{last_name, signature};

/// The classes of a unit.
#[derive(Debug)]
pub(super) struct Classes<'a> {
    source: &'a str,
    by_name: BTreeMap<&'a str, &'a StmtClassDef>,
    /// Classes of the unit's other modules that no call can name, even after an import.
    out_of_reach: BTreeSet<&'a str>,
    /// Calls whose result is bound to a name of the module.
    records: BTreeMap<&'a str, &'a ExprCall>,
}

/// How an instance of a class is made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Construction {
    /// By a call with these parameters.
    Call(Vec<Parameter>),
    /// As one of these members of an enumeration.
    EnumMember(Vec<String>),
    /// As a dictionary with these keys.
    TypedDict(Vec<Parameter>),
}

/// Levels of bases that are followed.
const BASES_MAX: usize = 8;

impl<'a> Classes<'a> {
    pub(super) fn read(unit: &Unit<'a>) -> Self {
        let mut by_name = BTreeMap::new();
        collect(unit.statements, &mut by_name);
        // Classes inside functions and the like are left to the search, as in a unit of one module.
        let is_out_of_reach = |name: &&str| !unit.row.slices.is_empty() && !unit.binds(name) && !unit.imports.has(name);
        let out_of_reach = by_name.keys().copied().filter(is_out_of_reach).collect();
        let named = unit.statements.iter().filter_map(|statement| {
            let assign = statement.as_assign_stmt()?;
            Some((assign.targets.first()?.as_name_expr()?.id.as_str(), assign.value.as_call_expr()?))
        });
        Classes { source: &unit.row.source, by_name, out_of_reach, records: named.collect() }
    }

    /// Whether the unit defines the class, and a call can name it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name) && !self.out_of_reach.contains(name)
    }

    /// How an instance is made; `None` for a class that is not of the unit, or an abstract one.
    pub(super) fn construction(&self, name: &str) -> Option<Construction> {
        if self.out_of_reach.contains(name) || self.abstract_names(name, 0).next().is_some() {
            return None;
        }
        self.construction_within(name, 0)
    }

    /// An expression for a subclass whose abstract methods return `None`, and how an instance of it is made; `None` for
    /// a class without abstract methods.
    pub(super) fn concrete(&self, name: &str) -> Option<(String, Construction)> {
        let left: Vec<&str> = self.abstract_names(name, 0).collect();
        if left.is_empty() {
            return None;
        }
        let defined = left.iter().map(|name| format!("'{name}': lambda self, *args, **kwargs: None"));
        let defined = defined.collect::<Vec<_>>().join(", ");
        Some((format!("type('Concrete', ({name},), {{{defined}}})"), self.construction_within(name, 0)?))
    }

    /// The plain methods of a class and of its bases with their parameters, those of the class first.
    pub(super) fn methods(&self, name: &str) -> Vec<(&'a str, Vec<Parameter>)> {
        let mut methods: Vec<(&'a str, Vec<Parameter>)> = Vec::new();
        let mut todo = vec![name];
        let mut seen = BTreeSet::new();
        while let Some(class) = todo.pop().filter(|_| seen.len() <= BASES_MAX) {
            let Some(class) = self.by_name.get(class).filter(|_| seen.insert(class)) else { continue };
            for statement in &class.body {
                if let Stmt::FunctionDef(function) = statement
                    && function.decorator_list.is_empty()
                    && !function.is_async
                    && methods.iter().all(|(known, _)| *known != function.name.as_str())
                {
                    methods.push((function.name.as_str(), signature::parameters(self.source, function, true)));
                }
            }
            todo.extend(bases(class));
        }
        methods
    }

    /// The classes outside of the unit that a class derives from.
    pub(super) fn foreign_bases(&self, name: &str) -> BTreeSet<&'a str> {
        let (mut todo, mut seen, mut foreign) = (vec![name], BTreeSet::new(), BTreeSet::new());
        while let Some(class) = todo.pop() {
            let Some(class) = self.by_name.get(class).filter(|_| seen.insert(class)) else { continue };
            for base in bases(class) {
                if self.has(base) {
                    todo.push(base);
                } else {
                    foreign.insert(base);
                }
            }
        }
        foreign
    }

    fn construction_within(&self, name: &str, depth: usize) -> Option<Construction> {
        let class = self.by_name.get(name)?;
        if depth > BASES_MAX {
            return None;
        }
        let bases = bases(class);
        let is = |names: &[&str]| bases.iter().any(|base| names.contains(base));
        if is(&["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"]) {
            let members = members(class);
            return (!members.is_empty()).then_some(Construction::EnumMember(members));
        }
        if is(&["NamedTuple"]) {
            return Some(Construction::Call(self.fields(class)));
        }
        if is(&["TypedDict"]) {
            return Some(Construction::TypedDict(self.fields(class)));
        }
        for statement in &class.body {
            if let Stmt::FunctionDef(function) = statement
                && matches!(function.name.as_str(), "__init__" | "__new__")
            {
                let parameters = signature::parameters(self.source, function, true);
                let passes_on = !parameters.is_empty() && parameters.iter().all(|one| one.kind.starts_with("var_"));
                // A constructor of `*args` alone passes them on to that of a base.
                let base = bases.iter().find(|base| self.has(base)).filter(|_| passes_on);
                let of_base = base.and_then(|base| self.construction_within(base, depth + 1));
                return Some(of_base.unwrap_or(Construction::Call(parameters)));
            }
        }
        if class.decorator_list.iter().any(is_dataclass) {
            return Some(Construction::Call(self.all_fields(class, 0)));
        }
        if let Some(fields) = self.record_fields(class) {
            return Some(Construction::Call(fields));
        }
        // The constructor of a base outside of the unit is unknown; most need no argument.
        let own = bases.iter().find(|base| self.has(base));
        own.map_or(Some(Construction::Call(Vec::new())), |base| self.construction_within(base, depth + 1))
    }

    /// The fields of a base made by `namedtuple(…)`, in the list of bases or under a name.
    fn record_fields(&self, class: &StmtClassDef) -> Option<Vec<Parameter>> {
        let call = class.arguments.as_deref()?.args.iter().find_map(|base| match base {
            Expr::Call(call) => Some(call),
            Expr::Name(name) => self.records.get(name.id.as_str()).copied(),
            _ => None,
        })?;
        if last_name(&call.func) != Some("namedtuple") {
            return None;
        }
        let names: Vec<String> = match call.arguments.args.get(1)? {
            Expr::StringLiteral(names) => {
                let words = names.value.to_str().split([' ', ',', '\n']);
                words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
            }
            Expr::List(list) => texts(&list.elts)?,
            Expr::Tuple(tuple) => texts(&tuple.elts)?,
            _ => return None,
        };
        let field =
            |name| Parameter { name, kind: "positional_or_keyword".to_owned(), annotation: None, default: None };
        Some(names.into_iter().map(field).collect())
    }

    /// The fields of a data class and of its bases, in the order of the constructor.
    fn all_fields(&self, class: &StmtClassDef, depth: usize) -> Vec<Parameter> {
        let mut fields: Vec<Parameter> = Vec::new();
        if depth < BASES_MAX {
            for base in bases(class).iter().rev().filter_map(|base| self.by_name.get(base)) {
                if base.decorator_list.iter().any(is_dataclass) {
                    fields.extend(self.all_fields(base, depth + 1));
                }
            }
        }
        for own in self.fields(class) {
            match fields.iter_mut().find(|field| field.name == own.name) {
                Some(field) => *field = own,
                None => fields.push(own),
            }
        }
        fields
    }

    /// The annotated fields of a class body.
    fn fields(&self, class: &StmtClassDef) -> Vec<Parameter> {
        let mut fields = Vec::new();
        for statement in &class.body {
            let Stmt::AnnAssign(assign) = statement else { continue };
            let Expr::Name(name) = assign.target.as_ref() else { continue };
            let annotation = signature::text(self.source, assign.annotation.as_ref());
            if annotation.contains("ClassVar") || annotation.contains("KW_ONLY") {
                continue;
            }
            fields.push(Parameter {
                name: name.id.to_string(),
                kind: "positional_or_keyword".to_owned(),
                annotation: Some(annotation),
                default: assign.value.as_deref().map(|value| signature::text(self.source, value)),
            });
        }
        fields
    }

    /// Abstract methods without a definition in the class or its bases.
    fn abstract_names(&self, name: &str, depth: usize) -> impl Iterator<Item = &'a str> + use<'a> {
        let (mut left, mut defined) = (BTreeSet::new(), BTreeSet::new());
        self.walk_abstract(name, depth, &mut left, &mut defined);
        left.into_iter()
    }

    fn walk_abstract(&self, name: &str, depth: usize, left: &mut BTreeSet<&'a str>, defined: &mut BTreeSet<&'a str>) {
        let Some(class) = self.by_name.get(name).filter(|_| depth <= BASES_MAX) else { return };
        for statement in &class.body {
            match statement {
                Stmt::FunctionDef(function) => {
                    let name = function.name.as_str();
                    let is_abstract = function.decorator_list.iter().any(|decorator| {
                        last_name(&decorator.expression).is_some_and(|name| name.starts_with("abstract"))
                    });
                    if !is_abstract {
                        defined.insert(name);
                    } else if !defined.contains(name) {
                        left.insert(name);
                    }
                }
                Stmt::Assign(assign) => {
                    defined.extend(assign.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.as_str())));
                }
                _ => {}
            }
        }
        for base in bases(class) {
            self.walk_abstract(base, depth + 1, left, defined);
        }
    }
}

/// Adds the classes at module level.
fn collect<'a>(statements: &'a [Stmt], into: &mut BTreeMap<&'a str, &'a StmtClassDef>) {
    for statement in statements {
        match statement {
            Stmt::ClassDef(class) => {
                into.insert(class.name.as_str(), class);
            }
            Stmt::If(branch) => collect(&branch.body, into),
            Stmt::Try(attempt) => collect(&attempt.body, into),
            _ => {}
        }
    }
}

/// The names of the bases.
fn bases(class: &StmtClassDef) -> Vec<&str> {
    let arguments = class.arguments.as_deref();
    arguments.map(|arguments| arguments.args.iter().filter_map(last_name).collect()).unwrap_or_default()
}

/// The texts of string literals; `None` where an element is none.
fn texts(elements: &[Expr]) -> Option<Vec<String>> {
    elements.iter().map(|element| Some(element.as_string_literal_expr()?.value.to_str().to_owned())).collect()
}

/// Whether a decorator makes a data class.
fn is_dataclass(decorator: &Decorator) -> bool {
    matches!(last_name(&decorator.expression), Some("dataclass" | "define" | "frozen" | "mutable"))
}

/// The members of an enumeration.
fn members(class: &StmtClassDef) -> Vec<String> {
    let mut members = Vec::new();
    for statement in &class.body {
        if let Stmt::Assign(assign) = statement {
            let names = assign.targets.iter().filter_map(|target| target.as_name_expr());
            let names = names.map(|name| name.id.to_string()).filter(|name| !name.starts_with('_'));
            members.extend(names);
        }
    }
    members
}

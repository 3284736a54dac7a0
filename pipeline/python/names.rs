//! The names that source loads from its module and binds there, with Python's scopes: functions, classes, lambdas,
//! comprehensions, type parameters, `global`.
//!
//! Used by the functions stage for the definitions that a unit needs, and by the inputs stage for those that an input
//! needs.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt, StmtClassDef, StmtFunctionDef,
    TypeParams,
};

/// The names of some source at module level.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Loaded from the module, by itself or by functions in it.
    pub loads: BTreeSet<&'a str>,
    /// Bound in the module.
    pub binds: BTreeSet<&'a str>,
    /// The bound names that an import binds.
    pub imports: BTreeSet<&'a str>,
    /// For each loaded name the attributes that are read from it: `a.b.c` is `[b, c]` of `a`. Empty where the name is used
    /// by itself.
    pub attributes: BTreeMap<&'a str, BTreeSet<Vec<&'a str>>>,
}

/// The names of statements.
#[must_use]
pub fn names_in(statements: &[Stmt]) -> Names<'_> {
    let mut walker = Walker::default();
    walker.visit_body(statements);
    walker.names
}

/// The names of one statement.
#[must_use]
pub fn names_in_statement(statement: &Stmt) -> Names<'_> {
    let mut walker = Walker::default();
    walker.visit_stmt(statement);
    walker.names
}

/// The names that an expression loads.
#[must_use]
pub fn names_loaded_by(expression: &Expr) -> BTreeSet<&str> {
    let mut walker = Walker::default();
    walker.visit_expr(expression);
    walker.names.loads
}

/// The name that an import binds; `None` for `*`.
#[must_use]
pub fn bound_by_alias(alias: &Alias) -> Option<&str> {
    let name = match &alias.asname {
        Some(name) => name.as_str(),
        None => alias.name.as_str().split('.').next().unwrap_or_default(),
    };
    (name != "*").then_some(name)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Function,
    /// Only its own statements see its names, not the functions in it, and only after they are bound.
    Class,
    /// A comprehension, type parameters, or the target of a loop at module level: names bound with `:=` or in the loop
    /// belong to the scope around it.
    Transient,
}

#[derive(Debug)]
struct Scope<'a> {
    kind: Kind,
    bound: BTreeSet<&'a str>,
    globals: BTreeSet<&'a str>,
}

#[derive(Debug, Default)]
struct Walker<'a> {
    scopes: Vec<Scope<'a>>,
    names: Names<'a>,
}

impl<'a> Walker<'a> {
    /// Notes that a name is loaded, and these attributes of it.
    fn load(&mut self, name: &'a str, attributes: Vec<&'a str>) {
        let innermost = self.scopes.len().wrapping_sub(1);
        for (index, scope) in self.scopes.iter().enumerate().rev() {
            if scope.globals.contains(name) {
                break;
            }
            if scope.bound.contains(name) && (scope.kind != Kind::Class || index == innermost) {
                return;
            }
        }
        self.names.loads.insert(name);
        self.names.attributes.entry(name).or_default().insert(attributes);
    }

    fn store(&mut self, name: &'a str) {
        match self.scopes.iter_mut().rev().find(|scope| scope.kind != Kind::Transient) {
            Some(scope) if scope.kind == Kind::Class => {
                scope.bound.insert(name);
            }
            // A function's names were collected before its body was walked.
            Some(_) => {}
            None => {
                self.names.binds.insert(name);
            }
        }
    }

    fn import(&mut self, alias: &'a Alias) {
        if let Some(name) = bound_by_alias(alias) {
            self.store(name);
            if self.names.binds.contains(name) && self.scopes.iter().all(|scope| scope.kind == Kind::Transient) {
                self.names.imports.insert(name);
            }
        }
    }

    fn within(&mut self, kind: Kind, binder: Binder<'a>, walk: impl FnOnce(&mut Self)) {
        let Binder { mut bound, globals, nonlocals } = binder;
        bound.retain(|name| !globals.contains(name) && !nonlocals.contains(name));
        self.names.loads.extend(globals.iter());
        self.scopes.push(Scope { kind, bound, globals });
        walk(self);
        self.scopes.pop();
    }

    fn type_params(&mut self, parameters: Option<&'a TypeParams>, walk: impl FnOnce(&mut Self)) {
        let Some(parameters) = parameters else { return walk(self) };
        let bound = parameters.type_params.iter().map(|parameter| parameter.name().as_str()).collect();
        self.within(Kind::Transient, Binder { bound, ..Binder::default() }, |this| {
            this.visit_type_params(parameters);
            walk(this);
        });
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.store(function.name.as_str());
        self.type_params(function.type_params.as_deref(), |this| {
            this.visit_parameters(&function.parameters);
            if let Some(returns) = &function.returns {
                this.visit_annotation(returns);
            }
            let mut binder = Binder::default();
            binder.parameters(&function.parameters);
            binder.visit_body(&function.body);
            this.within(Kind::Function, binder, |this| this.visit_body(&function.body));
        });
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        self.type_params(class.type_params.as_deref(), |this| {
            if let Some(arguments) = &class.arguments {
                this.visit_arguments(arguments);
            }
            this.within(Kind::Class, Binder::default(), |this| this.visit_body(&class.body));
        });
        self.store(class.name.as_str());
    }

    /// Walks a body in which the targets of a loop, a `with` or a handler are bound.
    fn bound_in_body(&mut self, targets: &[&'a Expr], name: Option<&'a str>, body: &'a [Stmt]) {
        let mut binder = Binder::default();
        for target in targets {
            binder.visit_expr(target);
        }
        binder.bound.extend(name);
        self.within(Kind::Transient, binder, |this| this.visit_body(body));
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], elements: &[&'a Expr]) {
        // The first iterable belongs to the scope outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let mut binder = Binder::default();
        for generator in generators {
            binder.visit_expr(&generator.target);
        }
        self.within(Kind::Transient, binder, |this| {
            for (index, generator) in generators.iter().enumerate() {
                if index > 0 {
                    this.visit_expr(&generator.iter);
                }
                this.targets(&generator.target);
                for condition in &generator.ifs {
                    this.visit_expr(condition);
                }
            }
            for element in elements {
                this.visit_expr(element);
            }
        });
    }

    /// Visits a target of a comprehension that loads names, such as `x[i]`; plain names are bound already.
    fn targets(&mut self, target: &'a Expr) {
        if !matches!(target, Expr::Name(_) | Expr::Tuple(_) | Expr::List(_)) {
            self.visit_expr(target);
        }
    }
}

impl<'a> Visitor<'a> for Walker<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Import(import) => import.names.iter().for_each(|alias| self.import(alias)),
            Stmt::ImportFrom(import) => import.names.iter().for_each(|alias| self.import(alias)),
            Stmt::For(each) => {
                self.visit_expr(&each.iter);
                self.visit_expr(&each.target);
                self.bound_in_body(&[&each.target], None, &each.body);
                self.visit_body(&each.orelse);
            }
            Stmt::With(with) => {
                for item in &with.items {
                    self.visit_with_item(item);
                }
                let targets: Vec<&Expr> = with.items.iter().filter_map(|item| item.optional_vars.as_deref()).collect();
                self.bound_in_body(&targets, None, &with.body);
            }
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = assign.target.as_ref() {
                    self.load(name.id.as_str(), Vec::new());
                }
                visitor::walk_stmt(self, statement);
            }
            Stmt::AnnAssign(assign) if assign.value.is_none() => {
                self.visit_annotation(&assign.annotation);
                if !matches!(assign.target.as_ref(), Expr::Name(_)) {
                    self.visit_expr(&assign.target);
                }
            }
            Stmt::TypeAlias(alias) => {
                self.type_params(alias.type_params.as_deref(), |this| this.visit_expr(&alias.value));
                self.visit_expr(&alias.name);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => match name.ctx {
                ExprContext::Store => self.store(name.id.as_str()),
                _ => self.load(name.id.as_str(), Vec::new()),
            },
            Expr::Attribute(_) => {
                let mut attributes = Vec::new();
                let mut inner = expression;
                while let Expr::Attribute(attribute) = inner {
                    attributes.push(attribute.attr.as_str());
                    inner = &attribute.value;
                }
                attributes.reverse();
                match inner {
                    Expr::Name(name) if name.ctx.is_load() => self.load(name.id.as_str(), attributes),
                    inner => self.visit_expr(inner),
                }
            }
            Expr::Lambda(lambda) => {
                let mut binder = Binder::default();
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                    binder.parameters(parameters);
                }
                binder.visit_expr(&lambda.body);
                self.within(Kind::Function, binder, |this| this.visit_expr(&lambda.body));
            }
            Expr::ListComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::SetComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::Generator(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::DictComp(comp) => match &comp.key {
                Some(key) => self.comprehension(&comp.generators, &[key, &comp.value]),
                None => self.comprehension(&comp.generators, &[&comp.value]),
            },
            _ => visitor::walk_expr(self, expression),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(handler) = handler;
        if let Some(kind) = &handler.type_ {
            self.visit_expr(kind);
        }
        self.bound_in_body(&[], handler.name.as_ref().map(|name| name.as_str()), &handler.body);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        if let Some(name) = bound_by_pattern(pattern) {
            self.store(name);
        }
        visitor::walk_pattern(self, pattern);
    }
}

fn bound_by_pattern(pattern: &Pattern) -> Option<&str> {
    match pattern {
        Pattern::MatchAs(pattern) => pattern.name.as_ref(),
        Pattern::MatchStar(pattern) => pattern.name.as_ref(),
        Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
        _ => None,
    }
    .map(|name| name.as_str())
}

/// Collects the names that a function's body binds, without the scopes inside it.
#[derive(Debug, Default)]
struct Binder<'a> {
    bound: BTreeSet<&'a str>,
    globals: BTreeSet<&'a str>,
    nonlocals: BTreeSet<&'a str>,
}

impl<'a> Binder<'a> {
    fn parameters(&mut self, parameters: &'a Parameters) {
        self.bound.extend(parameters.iter().map(|parameter| parameter.name().as_str()));
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], elements: &[&'a Expr]) {
        // Its own targets stay inside; a `:=` in it does not.
        for generator in generators {
            self.visit_expr(&generator.iter);
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for element in elements {
            self.visit_expr(element);
        }
    }
}

impl<'a> Visitor<'a> for Binder<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bound.insert(function.name.as_str());
            }
            Stmt::ClassDef(class) => {
                self.bound.insert(class.name.as_str());
            }
            Stmt::Import(import) => self.bound.extend(import.names.iter().filter_map(bound_by_alias)),
            Stmt::ImportFrom(import) => self.bound.extend(import.names.iter().filter_map(bound_by_alias)),
            Stmt::Global(global) => self.globals.extend(global.names.iter().map(|name| name.as_str())),
            Stmt::Nonlocal(nonlocal) => self.nonlocals.extend(nonlocal.names.iter().map(|name| name.as_str())),
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if matches!(name.ctx, ExprContext::Store | ExprContext::Del) => {
                self.bound.insert(name.id.as_str());
            }
            Expr::Lambda(_) => {}
            Expr::ListComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::SetComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::Generator(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::DictComp(comp) => match &comp.key {
                Some(key) => self.comprehension(&comp.generators, &[key, &comp.value]),
                None => self.comprehension(&comp.generators, &[&comp.value]),
            },
            _ => visitor::walk_expr(self, expression),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        self.bound.extend(inner.name.as_ref().map(|name| name.as_str()));
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.bound.extend(bound_by_pattern(pattern));
        visitor::walk_pattern(self, pattern);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(source: &str, expected: Expect) {
        let parsed = crate::python::parse(source).unwrap();
        let Names { loads, binds, imports, .. } = names_in(parsed.suite());
        let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(" ");
        expected.assert_eq(&format!("{} -> {} [{}]", list(loads), list(binds), list(imports)));
    }

    #[test]
    fn functions_hide_what_they_bind() {
        check("def f(a, *b, c=d, **e) -> g:\n  h = a\n  return h + i", expect!["d g i -> f []"]);
        check("def f():\n  global x\n  x = y\n  def g():\n    nonlocal z\n    z = x\n  z = 1", expect!["x y -> f []"]);
        check("@d(n)\ndef f():\n  import os\n  return os, (lambda a, b=c: a + b + k)", expect!["c d k n -> f []"]);
        check("def f():\n  for i in s:\n    try: pass\n    except E as e: e\n  del i", expect!["E s -> f []"]);
        check(
            "def f(x):\n  match x:\n    case P(a, k=[b, *c]) if a: return b\n    case {1: d, **e}: c",
            expect!["P -> f []"],
        );
        check("def f[T: B](x: T) -> T: pass\ntype A[U] = list[U]", expect!["B list -> A f []"]);
    }

    #[test]
    fn classes_hide_only_from_themselves() {
        check("class C(B, metaclass=M):\n  x = 1\n  y = x\n  def m(self): return x", expect!["B M x -> C []"]);
        check("class C:\n  x = x\n  z = [x for _ in y]", expect!["x y -> C []"]);
    }

    #[test]
    fn comprehensions_bind_inside_and_walrus_outside() {
        check("[x for x in y if (z := x)]\n{k: v for k, v in p}", expect!["p y -> z []"]);
        check("def f(q):\n  return [a for b in q for a in b if (w := a)] and w", expect![" -> f []"]);
    }

    #[test]
    fn modules_bind_with_everything() {
        check("import a.b, c as d\nfrom e import f as g, h\nfrom i import *", expect![" -> a d g h [a d g h]"]);
        check(
            "x += 1\ny: T\nz: T = w\nfor i in r: u = i\nwith o as p: p\ndel q",
            expect!["T o q r w x -> i p u x z []"],
        );
        check("try:\n  import j\nexcept E as e:\n  j = e", expect!["E -> j [j]"]);
        check("print(f'{a!r:{b}}', \"string\")", expect!["a b print ->  []"]);
    }

    #[test]
    fn attributes_belong_to_names_of_the_module() {
        let parsed =
            crate::python::parse("a.b.c\nprint(a)\ndef f(d, x: e.f):\n    d.e\n    g.h()[i].j = k.l\n").unwrap();
        let names = names_in(parsed.suite());
        let chains = names.attributes.iter().flat_map(|(name, chains)| {
            chains
                .iter()
                .map(move |chain| std::iter::once(*name).chain(chain.iter().copied()).collect::<Vec<_>>().join("."))
        });
        assert_eq!(chains.collect::<Vec<_>>(), ["a", "a.b.c", "e.f", "g.h", "i", "k.l", "print"]);
    }
}

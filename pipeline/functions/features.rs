//! Features of a definition: loops, branches, recursion, generators, exceptions, closures, imports. Called by
//! `extract`.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Comprehension, Expr, Stmt};

/// The features of a definition.
#[derive(Debug, Default, Clone)]
pub(super) struct Features {
    pub(super) loop_count: i32,
    pub(super) loop_depth: i32,
    pub(super) branch_count: i32,
    pub(super) is_recursive: bool,
    pub(super) is_generator: bool,
    pub(super) has_exceptions: bool,
    pub(super) has_closures: bool,
}

/// The features of a body; `name` is the function's own, `class` that of a method.
pub(super) fn features_of(body: &[Stmt], name: &str, class: Option<&str>) -> Features {
    let mut walker = Walker { features: Features::default(), name, class, depth: 0, functions: 0 };
    walker.visit_body(body);
    walker.features
}

struct Walker<'n> {
    features: Features,
    name: &'n str,
    class: Option<&'n str>,
    /// Loops around the current node.
    depth: i32,
    /// Inner functions around the current node.
    functions: usize,
}

impl Walker<'_> {
    fn looped(&mut self, loops: usize, walk: impl FnOnce(&mut Self)) {
        let loops = i32::try_from(loops).unwrap_or(i32::MAX);
        self.features.loop_count += loops;
        self.depth += loops;
        self.features.loop_depth = self.features.loop_depth.max(self.depth);
        walk(self);
        self.depth -= loops;
    }

    fn comprehension<'a>(&mut self, generators: &'a [Comprehension], elements: &[&'a Expr])
    where
        Self: Visitor<'a>,
    {
        // The n-th `for` runs inside the ones before it.
        if let Some((first, rest)) = generators.split_first() {
            self.visit_expr(&first.iter);
            self.looped(1, |this| {
                for condition in &first.ifs {
                    this.visit_expr(condition);
                }
                this.comprehension(rest, elements);
            });
        } else {
            elements.iter().for_each(|element| self.visit_expr(element));
        }
    }

    fn is_own_name(&self, function: &Expr) -> bool {
        match (function, self.class) {
            (Expr::Name(name), None) => name.id.as_str() == self.name,
            (Expr::Attribute(attribute), Some(class)) => {
                let owner = attribute.value.as_name_expr().map(|name| name.id.as_str());
                attribute.attr.as_str() == self.name
                    && owner.is_some_and(|owner| owner == "self" || owner == "cls" || owner == class)
            }
            _ => false,
        }
    }
}

impl<'a> Visitor<'a> for Walker<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::For(each) => {
                self.visit_expr(&each.iter);
                self.looped(1, |this| this.visit_body(&each.body));
                self.visit_body(&each.orelse);
                return;
            }
            Stmt::While(each) => {
                self.looped(1, |this| {
                    this.visit_expr(&each.test);
                    this.visit_body(&each.body);
                });
                self.visit_body(&each.orelse);
                return;
            }
            Stmt::If(branch) => {
                let elifs = branch.elif_else_clauses.iter().filter(|clause| clause.test.is_some()).count();
                self.features.branch_count += 1 + i32::try_from(elifs).unwrap_or(i32::MAX);
            }
            Stmt::Match(choice) => {
                self.features.branch_count += i32::try_from(choice.cases.len()).unwrap_or(i32::MAX);
            }
            Stmt::Try(_) | Stmt::Raise(_) | Stmt::With(_) => self.features.has_exceptions = true,
            Stmt::FunctionDef(_) => {
                self.features.has_closures = true;
                self.functions += 1;
                visitor::walk_stmt(self, statement);
                self.functions -= 1;
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::ListComp(comp) => return self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::SetComp(comp) => return self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::Generator(comp) => return self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::DictComp(comp) => {
                let elements: Vec<&Expr> = comp.key.as_deref().into_iter().chain([comp.value.as_ref()]).collect();
                return self.comprehension(&comp.generators, &elements);
            }
            Expr::If(_) => self.features.branch_count += 1,
            Expr::BoolOp(operation) => {
                self.features.branch_count += i32::try_from(operation.values.len()).unwrap_or(i32::MAX) - 1;
            }
            Expr::Lambda(_) => {
                self.features.has_closures = true;
                self.functions += 1;
                visitor::walk_expr(self, expression);
                self.functions -= 1;
                return;
            }
            Expr::Yield(_) | Expr::YieldFrom(_) if self.functions == 0 => self.features.is_generator = true,
            Expr::Call(call) if self.is_own_name(&call.func) => self.features.is_recursive = true,
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

/// The top-level modules that statements import, at any depth.
pub(super) fn imports<'a>(statements: impl Iterator<Item = &'a Stmt>) -> BTreeSet<String> {
    let mut imports = Imports(BTreeSet::new());
    statements.for_each(|statement| imports.visit_stmt(statement));
    imports.0
}

struct Imports(BTreeSet<String>);

impl<'a> Visitor<'a> for Imports {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let top = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        match statement {
            Stmt::Import(import) => self.0.extend(import.names.iter().map(|alias| top(alias.name.as_str()))),
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map(|name| top(name.as_str())).unwrap_or_default();
                self.0.insert(format!("{}{module}", ".".repeat(import.level as usize)));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    // No statement is inside an expression.
    fn visit_expr(&mut self, _: &'a Expr) {}
}

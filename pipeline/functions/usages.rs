//! Statements that use a unit: asserts anywhere, calls at module level or under a main guard; in test files also calls
//! in functions. Called by `extract` and `test_usages`.
//!
//! A usage stands alone: its text begins with the earlier simple statements that it needs. A loop over values that are
//! written out, or a parametrised test, gives one usage for each of the first values.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtFor, StmtFunctionDef};
use ruff_text_size::{Ranged, TextSize};

use crate::functions::blocks::Blocks;
use crate::functions::units::Unit;
use crate::functions::unittest_asserts;
use crate::python::imports::{Chain, Chains};
use crate::python::signature::text;
use crate::python::standalone::{self, Earlier};
use crate::python::{is_builtin, names};

/// The most usages of one unit, far more than become inputs.
const USAGES_MAX: usize = 32;
/// The most usages of one file: nested loops could give any number.
const USAGES_OF_FILE_MAX: usize = 4096;
/// The most values of a loop or a parametrised test that give usages.
const ROUNDS_MAX: usize = 6;

/// A statement that an input may be made of, with the statements that it needs.
#[derive(Debug)]
pub(super) struct Usage<'a> {
    /// The statements that it needs, then itself.
    pub(super) text: String,
    /// Names that it loads and no statement of the text binds.
    pub(super) loads: BTreeSet<&'a str>,
    /// Attributes that it reads, to find methods by.
    attributes: BTreeSet<&'a str>,
    /// Loaded names with the attributes that are read from them; of test files only.
    pub(super) chains: Vec<Chain<'a>>,
    /// The offset of the statement.
    pub(super) start: TextSize,
}

/// The usages in a file of its own definitions.
pub(super) fn usages_in<'a>(source: &str, blocks: &Blocks<'a>) -> Vec<Usage<'a>> {
    find(source, blocks, false)
}

/// The usages in a test file; their texts have the imports and helper functions that they need.
pub(super) fn usages_in_tests<'a>(source: &str, blocks: &Blocks<'a>) -> Vec<Usage<'a>> {
    find(source, blocks, true)
}

fn find<'a>(source: &str, blocks: &Blocks<'a>, is_test: bool) -> Vec<Usage<'a>> {
    let mut finder = Finder { source, is_test, usages: Vec::new() };
    let mut before: Vec<Earlier<'a>> = Vec::new();
    for (index, block) in blocks.all.iter().enumerate() {
        match block.statement {
            Stmt::If(guard) if blocks.is_main_guard(index) => finder.body(&guard.body, true, &mut before),
            statement => finder.body(std::slice::from_ref(statement), true, &mut before),
        }
        if is_test && matches!(block.statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
            before.push(Earlier::any(block.statement));
        }
    }
    finder.usages
}

/// The texts of the usages that use a unit; `bound` are the names that the unit's source binds.
pub(super) fn usages_of_unit(usages: &[Usage<'_>], unit: &Unit<'_>, bound: &BTreeSet<&str>) -> Vec<String> {
    let (top, name) = (unit.top_name(), unit.function.name.as_str());
    let shows = |usage: &&Usage<'_>| {
        let names_it = match unit.kind {
            "function" | "constructor" => usage.loads.contains(top),
            _ if name.starts_with("__") => usage.loads.contains(top),
            _ => usage.loads.contains(top) && usage.attributes.contains(name),
        };
        names_it && usage.loads.iter().all(|name| bound.contains(name) || is_builtin(name))
    };
    usages.iter().filter(shows).take(USAGES_MAX).map(|usage| usage.text.clone()).collect()
}

struct Finder<'s, 'a> {
    source: &'s str,
    /// Whether calls in the bodies of functions are usages too.
    is_test: bool,
    usages: Vec<Usage<'a>>,
}

impl<'a> Finder<'_, 'a> {
    /// Walks the statements of one body and adds the simple ones to `before`; with `calls`, calls are usages too.
    fn body(&mut self, body: &'a [Stmt], calls: bool, before: &mut Vec<Earlier<'a>>) {
        for statement in body {
            if self.usages.len() >= USAGES_OF_FILE_MAX {
                return;
            }
            match statement {
                Stmt::Assert(_) => self.usage(statement, before),
                Stmt::Expr(_)
                | Stmt::Assign(_)
                | Stmt::AnnAssign(_)
                | Stmt::AugAssign(_)
                | Stmt::Import(_)
                | Stmt::ImportFrom(_) => {
                    if calls || unittest_asserts::plain_assert(self.source, statement).is_some() {
                        self.usage(statement, before);
                    }
                    before.extend(Earlier::simple(statement));
                }
                Stmt::FunctionDef(function) => self.function(function, before),
                Stmt::ClassDef(class) => self.inner(&class.body, false, before),
                Stmt::If(branch) => {
                    let calls = calls && self.is_test;
                    self.inner(&branch.body, calls, before);
                    branch.elif_else_clauses.iter().for_each(|clause| self.inner(&clause.body, calls, before));
                }
                Stmt::With(with) => self.inner(&with.body, calls && self.is_test, before),
                Stmt::For(each) => self.rounds(each, statement, calls && self.is_test, before),
                Stmt::Try(attempt) => self.inner(&attempt.body, calls && self.is_test, before),
                _ => {}
            }
        }
    }

    /// Walks an inner body, whose statements are not before those that follow it.
    fn inner(&mut self, body: &'a [Stmt], calls: bool, before: &mut Vec<Earlier<'a>>) {
        let outer = before.len();
        self.body(body, calls, before);
        before.truncate(outer);
    }

    /// Walks the body of a function; that of a parametrised test once for each of the first values.
    fn function(&mut self, function: &'a StmtFunctionDef, before: &mut Vec<Earlier<'a>>) {
        let outer = before.len();
        let parameters = function.decorator_list.iter().find_map(|decorator| parametrised(&decorator.expression));
        let Some((names, values)) = parameters else {
            self.inner(&function.body, self.is_test, before);
            return;
        };
        let Some(first) = function.body.first() else { return };
        for value in values.iter().take(ROUNDS_MAX) {
            let binds = names.split(',').map(str::trim).collect();
            let given = format!("{names} = {}", text(self.source, value));
            before.push(Earlier::loop_round(first, binds, value, given));
            self.inner(&function.body, self.is_test, before);
            before.truncate(outer);
        }
    }

    /// Walks the body of a loop; over values that are written out, once for each of the first.
    fn rounds(&mut self, each: &'a StmtFor, statement: &'a Stmt, calls: bool, before: &mut Vec<Earlier<'a>>) {
        let outer = before.len();
        let Some(values) = written_out(&each.iter) else {
            self.inner(&each.body, calls, before);
            return;
        };
        for value in values.iter().take(ROUNDS_MAX) {
            let binds = names_of_target(&each.target);
            let given = format!("{} = {}", text(self.source, each.target.as_ref()), text(self.source, value));
            before.push(Earlier::loop_round(statement, binds, value, given));
            self.inner(&each.body, calls, before);
            before.truncate(outer);
        }
    }

    /// Adds a usage, unless the statement calls nothing or needs too much.
    fn usage(&mut self, statement: &'a Stmt, before: &[Earlier<'a>]) {
        let mut attributes = Attributes::default();
        let mut chains = Chains::default();
        let plain = unittest_asserts::plain_assert(self.source, statement);
        let (text, loads) = match plain {
            Some(plain) => {
                plain.expressions.iter().for_each(|expression| attributes.visit_expr(expression));
                plain.expressions.iter().for_each(|expression| chains.visit_expr(expression));
                let loads = plain.expressions.iter().flat_map(|expression| names::names_loaded_by(expression));
                (plain.text, loads.collect())
            }
            None => {
                attributes.visit_stmt(statement);
                if !attributes.calls && !matches!(statement, Stmt::Assert(_)) {
                    return;
                }
                chains.visit_stmt(statement);
                (text(self.source, statement), names::names_in_statement(statement).loads)
            }
        };
        let Some((taken, loads)) = standalone::needed(&loads, before) else { return };
        taken.iter().for_each(|earlier| attributes.visit_stmt(earlier.statement));
        if self.is_test {
            taken.iter().for_each(|earlier| chains.visit_stmt(earlier.statement));
        }
        let mut texts: Vec<String> = taken.iter().map(|earlier| earlier.text(self.source)).collect();
        texts.push(text);
        self.usages.push(Usage {
            text: texts.join("\n"),
            loads,
            attributes: attributes.names,
            chains: chains.0,
            start: statement.start(),
        });
    }
}

/// The values of `[…]` and `(…)`; `None` for other expressions.
fn written_out(expression: &Expr) -> Option<&[Expr]> {
    let values = match expression {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        _ => return None,
    };
    (!values.iter().any(Expr::is_starred_expr)).then_some(values)
}

fn names_of_target(target: &Expr) -> BTreeSet<&str> {
    match target {
        Expr::Name(name) => BTreeSet::from([name.id.as_str()]),
        Expr::Tuple(tuple) => tuple.elts.iter().flat_map(names_of_target).collect(),
        Expr::List(list) => list.elts.iter().flat_map(names_of_target).collect(),
        _ => BTreeSet::new(),
    }
}

/// The names and the values of `@pytest.mark.parametrize('a, b', […])`; `None` for other decorators.
fn parametrised(decorator: &Expr) -> Option<(&str, &[Expr])> {
    let call = decorator.as_call_expr()?;
    if call.func.as_attribute_expr()?.attr.as_str() != "parametrize" {
        return None;
    }
    let names = call.arguments.args.first()?.as_string_literal_expr()?.value.to_str();
    let is_plain = names.chars().all(|character| character.is_alphanumeric() || "_, ".contains(character));
    Some((names, written_out(call.arguments.args.get(1)?)?)).filter(|_| is_plain && !names.trim().is_empty())
}

#[derive(Default)]
struct Attributes<'a> {
    names: BTreeSet<&'a str>,
    calls: bool,
}

impl<'a> Visitor<'a> for Attributes<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Attribute(attribute) => {
                self.names.insert(attribute.attr.as_str());
            }
            Expr::Call(_) => self.calls = true,
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

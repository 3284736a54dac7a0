//! Statements that show a unit at work: asserts anywhere, calls at module level or under a main guard; in tests of
//! other files, calls in them too.
//!
//! A usage stands alone: the simple statements before it in the same body that its names need come with it, as one
//! text. Loops over values that are written out, and parametrised tests, give one usage for each of the first values.

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

/// Usages kept of one unit: far more than inputs are made of.
const USAGES_MAX: usize = 32;
/// Usages looked at in one file: loops in loops could give any number.
const USAGES_OF_FILE_MAX: usize = 4096;
/// Values that a loop over written-out ones, or a parametrised test, is shown with.
const ROUNDS_MAX: usize = 6;

/// A statement from which an input may come, with what it needs of its body.
#[derive(Debug)]
pub(super) struct Usage<'a> {
    /// What it needs, then itself.
    pub(super) text: String,
    /// What it loads that nothing in the text binds.
    pub(super) loads: BTreeSet<&'a str>,
    /// Attributes that it calls or reads, for methods.
    attributes: BTreeSet<&'a str>,
    /// Loaded names with what is read from them, imports left out; only of tests.
    pub(super) chains: Vec<Chain<'a>>,
    /// Where the statement stands.
    pub(super) start: TextSize,
}

/// All usages in a file of what the file itself defines.
pub(super) fn of<'a>(source: &str, blocks: &Blocks<'a>) -> Vec<Usage<'a>> {
    find(source, blocks, false)
}

/// All usages in a file of tests; their texts have the imports and the helpers of the file that they need.
pub(super) fn of_tests<'a>(source: &str, blocks: &Blocks<'a>) -> Vec<Usage<'a>> {
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

/// Those that show a unit, as text.
pub(super) fn showing(usages: &[Usage<'_>], unit: &Unit<'_>, bound: &BTreeSet<&str>) -> Vec<String> {
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
    /// Calls in the bodies of functions count too.
    is_test: bool,
    usages: Vec<Usage<'a>>,
}

impl<'a> Finder<'_, 'a> {
    /// Looks through the statements of one body; `calls` says whether more than asserts count. What the body itself
    /// adds to `before` is forgotten again, unless it is the module's.
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
                    if calls || unittest_asserts::of(self.source, statement).is_some() {
                        self.usage(statement, before);
                    }
                    before.extend(Earlier::of(statement));
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

    fn inner(&mut self, body: &'a [Stmt], calls: bool, before: &mut Vec<Earlier<'a>>) {
        let outer = before.len();
        self.body(body, calls, before);
        before.truncate(outer);
    }

    /// A function's body; that of a parametrised test once for each of its first values.
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
            before.push(Earlier::given(first, binds, value, given));
            self.inner(&function.body, self.is_test, before);
            before.truncate(outer);
        }
    }

    /// The body of a loop; over values that are written out, once for each of the first.
    fn rounds(&mut self, each: &'a StmtFor, statement: &'a Stmt, calls: bool, before: &mut Vec<Earlier<'a>>) {
        let outer = before.len();
        let Some(values) = written_out(&each.iter) else {
            self.inner(&each.body, calls, before);
            return;
        };
        for value in values.iter().take(ROUNDS_MAX) {
            let binds = names_of_target(&each.target);
            let given = format!("{} = {}", text(self.source, each.target.as_ref()), text(self.source, value));
            before.push(Earlier::given(statement, binds, value, given));
            self.inner(&each.body, calls, before);
            before.truncate(outer);
        }
    }

    fn usage(&mut self, statement: &'a Stmt, before: &[Earlier<'a>]) {
        let mut attributes = Attributes::default();
        let mut chains = Chains::default();
        let claim = unittest_asserts::of(self.source, statement);
        let (text, loads) = match claim {
            Some(claim) => {
                claim.made_of.iter().for_each(|expression| attributes.visit_expr(expression));
                claim.made_of.iter().for_each(|expression| chains.visit_expr(expression));
                let loads = claim.made_of.iter().flat_map(|expression| names::of_expression(expression));
                (claim.text, loads.collect())
            }
            None => {
                attributes.visit_stmt(statement);
                if !attributes.calls && !matches!(statement, Stmt::Assert(_)) {
                    return;
                }
                chains.visit_stmt(statement);
                (text(self.source, statement), names::of_statement(statement).loads)
            }
        };
        let Some((taken, loads)) = standalone::needed(&loads, before) else { return };
        taken.iter().for_each(|earlier| attributes.visit_stmt(earlier.statement));
        if self.is_test {
            taken.iter().for_each(|earlier| chains.visit_stmt(earlier.statement));
        }
        // A name that is left in `loads` must come from the unit.
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

/// The values of `[…]` and `(…)`.
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

/// The names and the values of `@pytest.mark.parametrize('a, b', […])`.
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

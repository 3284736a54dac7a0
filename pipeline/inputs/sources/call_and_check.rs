//! Splits a statement that shows a unit into the call to trace and the check of its result.

use std::collections::BTreeSet;

use ruff_python_ast::Expr;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_text_size::{Ranged, TextRange};

use crate::inputs::candidate::parenthesised;
use crate::inputs::unit::Unit;

/// A call, and what is known about its result.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// The expression to trace.
    pub(super) call: String,
    /// An expression over `__result__`.
    pub(super) check: String,
}

/// Splits an expression that is claimed to be true; `None` when it does not use the unit.
///
/// With one use of the unit in it, that is the call, and the rest is the check. Otherwise the whole is the call.
pub(super) fn of_claim(unit: &Unit<'_>, source: &str, claim: &Expr, instances: &BTreeSet<&str>) -> Option<Split> {
    let finder = find(unit, claim, instances);
    match finder.places.as_slice() {
        [place] if finder.hidden == 0 => {
            let whole = claim.range();
            let before = slice(source, TextRange::new(whole.start(), place.replaced.start()));
            let after = slice(source, TextRange::new(place.replaced.end(), whole.end()));
            let check = parenthesised(format!("{before}__result__{after}"));
            Some(Split { call: parenthesised(slice(source, place.call).to_owned()), check })
        }
        [] if finder.hidden == 0 => None,
        _ => {
            Some(Split { call: parenthesised(slice(source, claim.range()).to_owned()), check: "__result__".to_owned() })
        }
    }
}

/// The uses of the unit in an expression, outermost first where they nest.
pub(super) fn of_uses(unit: &Unit<'_>, source: &str, expression: &Expr, instances: &BTreeSet<&str>) -> Vec<String> {
    let places = find(unit, expression, instances).places;
    places.into_iter().map(|place| parenthesised(slice(source, place.call).to_owned())).collect()
}

fn find(unit: &Unit<'_>, expression: &Expr, instances: &BTreeSet<&str>) -> Finder {
    let mut uses = Uses { unit, instances, finder: Finder::default(), inside: 0, parents: Vec::new() };
    uses.visit_expr(expression);
    uses.finder
}

fn slice(source: &str, range: TextRange) -> &str {
    source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default()
}

#[derive(Debug, Default)]
struct Finder {
    places: Vec<Place>,
    /// Uses inside lambdas and comprehensions: how often they run is not known.
    hidden: usize,
}

#[derive(Debug)]
struct Place {
    /// What is traced.
    call: TextRange,
    /// What `__result__` stands for.
    replaced: TextRange,
}

struct Uses<'u, 'a> {
    unit: &'u Unit<'u>,
    instances: &'u BTreeSet<&'u str>,
    finder: Finder,
    inside: usize,
    parents: Vec<&'a Expr>,
}

impl<'a> Visitor<'a> for Uses<'_, 'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if self.unit.is_used_by(expression, self.instances) {
            if self.inside > 0 {
                self.finder.hidden += 1;
                return;
            }
            let own = expression.range();
            let place = match self.parents.last() {
                // The worker drives a coroutine by itself.
                Some(parent @ Expr::Await(_)) => Place { call: own, replaced: parent.range() },
                // A generator runs where something asks it for values.
                Some(parent @ Expr::Call(call))
                    if self.unit.row.is_generator && call.arguments.args.iter().any(|one| one.range() == own) =>
                {
                    Place { call: parent.range(), replaced: parent.range() }
                }
                _ => Place { call: own, replaced: own },
            };
            self.finder.places.push(place);
            return;
        }
        let hides = matches!(
            expression,
            Expr::Lambda(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_)
        );
        self.inside += usize::from(hides);
        self.parents.push(expression);
        visitor::walk_expr(self, expression);
        self.parents.pop();
        self.inside -= usize::from(hides);
    }
}

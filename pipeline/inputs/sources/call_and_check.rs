//! Splits an expression that uses the unit into the call to trace and the check of its result. Called by the other
//! files of this folder.

use std::collections::BTreeSet;

use ruff_python_ast::Expr;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_text_size::{Ranged, TextRange};

use crate::inputs::candidate::parenthesised;
use crate::inputs::unit::Unit;

/// A call and the check of its result.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// The expression to trace.
    pub(super) call: String,
    /// An expression over `__result__`.
    pub(super) check: String,
}

/// Splits an asserted expression; `None` where it does not use the unit.
///
/// A single use of the unit is the call, and the rest is the check. Otherwise the whole is the call. `instances` are
/// variables that hold instances of the unit's class.
pub(super) fn split(unit: &Unit<'_>, source: &str, asserted: &Expr, instances: &BTreeSet<&str>) -> Option<Split> {
    let finder = find(unit, asserted, instances);
    match finder.places.as_slice() {
        [place] if finder.hidden == 0 => {
            let whole = asserted.range();
            let before = slice(source, TextRange::new(whole.start(), place.replaced.start()));
            let after = slice(source, TextRange::new(place.replaced.end(), whole.end()));
            let check = parenthesised(format!("{before}__result__{after}"));
            Some(Split { call: parenthesised(slice(source, place.call).to_owned()), check })
        }
        [] if finder.hidden == 0 => None,
        _ => Some(Split {
            call: parenthesised(slice(source, asserted.range()).to_owned()),
            check: "__result__".to_owned(),
        }),
    }
}

/// The uses of the unit in an expression in source order, the outermost of nested ones.
pub(super) fn uses_in(unit: &Unit<'_>, source: &str, expression: &Expr, instances: &BTreeSet<&str>) -> Vec<String> {
    let places = find(unit, expression, instances).places;
    places.into_iter().map(|place| parenthesised(slice(source, place.call).to_owned())).collect()
}

/// The places where an expression uses the unit.
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
    /// The traced expression.
    call: TextRange,
    /// The expression that `__result__` stands for.
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
                // The call that consumes a generator runs it.
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

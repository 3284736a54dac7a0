//! The names whose objects a statement changes: `x[0] = 1`, `x.y = 1`, `x.append(1)`. Called where the statements that
//! a unit or an input needs are chosen.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, Stmt};

/// Adds the names whose objects a statement changes when it runs.
pub fn changed<'a>(statement: &'a Stmt, into: &mut BTreeSet<&'a str>) {
    let mut bodies: Vec<&[Stmt]> = Vec::new();
    match statement {
        Stmt::Assign(assign) => assign.targets.iter().for_each(|target| changed_target(target, into)),
        Stmt::AugAssign(assign) => changed_target(&assign.target, into),
        Stmt::AnnAssign(assign) => changed_target(&assign.target, into),
        Stmt::Delete(delete) => delete.targets.iter().for_each(|target| changed_target(target, into)),
        Stmt::Expr(expression) => {
            if let Expr::Call(call) = expression.value.as_ref()
                && let Expr::Attribute(method) = call.func.as_ref()
            {
                into.extend(base(&method.value));
            }
        }
        Stmt::For(each) => bodies.extend([&each.body[..], &each.orelse]),
        Stmt::While(each) => bodies.extend([&each.body[..], &each.orelse]),
        Stmt::With(with) => bodies.push(&with.body),
        Stmt::If(branch) => {
            bodies.push(&branch.body);
            bodies.extend(branch.elif_else_clauses.iter().map(|clause| &clause.body[..]));
        }
        Stmt::Try(attempt) => {
            bodies.extend([&attempt.body[..], &attempt.orelse, &attempt.finalbody]);
            let handlers = attempt.handlers.iter().filter_map(|handler| handler.as_except_handler());
            bodies.extend(handlers.map(|handler| &handler.body[..]));
        }
        _ => {}
    }
    for statement in bodies.into_iter().flatten() {
        changed(statement, into);
    }
}

fn changed_target<'a>(target: &'a Expr, into: &mut BTreeSet<&'a str>) {
    match target {
        Expr::Attribute(_) | Expr::Subscript(_) => into.extend(base(target)),
        Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| changed_target(element, into)),
        Expr::List(list) => list.elts.iter().for_each(|element| changed_target(element, into)),
        Expr::Starred(starred) => changed_target(&starred.value, into),
        _ => {}
    }
}

/// The name at the left end of `a.b[c].d`; `None` where it begins otherwise.
fn base(expression: &Expr) -> Option<&str> {
    let mut expression = expression;
    loop {
        expression = match expression {
            Expr::Name(name) => return Some(name.id.as_str()),
            Expr::Attribute(attribute) => &attribute.value,
            Expr::Subscript(subscript) => &subscript.value,
            Expr::Call(call) => &call.func,
            _ => return None,
        };
    }
}

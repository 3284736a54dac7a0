//! The last name of a dotted expression, by which decorators, base classes and annotations are recognised.

use ruff_python_ast::Expr;

/// The last name of an expression: `c` of `a.b.c`, `c(…)` and `c[…]`.
#[must_use]
pub fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Call(call) => last_name(&call.func),
        Expr::Subscript(subscript) => last_name(&subscript.value),
        _ => None,
    }
}

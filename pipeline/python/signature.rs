//! Parameters and decorators as source text. The functions stage writes them, the inputs stage reads constructors.

use ruff_python_ast::{Expr, Parameter as Node, StmtFunctionDef};
use ruff_text_size::Ranged;
use tracemill_schemas::Parameter;

/// The source text of a node.
#[must_use]
pub fn text(source: &str, node: &impl Ranged) -> String {
    source.get(node.range().start().to_usize()..node.range().end().to_usize()).unwrap_or_default().to_owned()
}

/// The parameters in order, without the first positional one where `is_bound`: an instance or a class gives it.
#[must_use]
pub fn parameters(source: &str, function: &StmtFunctionDef, is_bound: bool) -> Vec<Parameter> {
    let list = &function.parameters;
    let one = |node: &Node, kind: &str, default: Option<&Expr>| Parameter {
        name: node.name.to_string(),
        kind: kind.to_owned(),
        annotation: node.annotation.as_deref().map(|annotation| text(source, annotation)),
        default: default.map(|default| text(source, default)),
    };
    let mut parameters = Vec::with_capacity(list.len());
    parameters.extend(list.posonlyargs.iter().map(|p| one(&p.parameter, "positional_only", p.default())));
    parameters.extend(list.args.iter().map(|p| one(&p.parameter, "positional_or_keyword", p.default())));
    if is_bound && !parameters.is_empty() {
        parameters.remove(0);
    }
    parameters.extend(list.vararg.iter().map(|node| one(node, "var_positional", None)));
    parameters.extend(list.kwonlyargs.iter().map(|p| one(&p.parameter, "keyword_only", p.default())));
    parameters.extend(list.kwarg.iter().map(|node| one(node, "var_keyword", None)));
    parameters
}

/// The decorators without their `@`, outermost first.
#[must_use]
pub fn decorators(source: &str, function: &StmtFunctionDef) -> Vec<String> {
    function.decorator_list.iter().map(|decorator| text(source, &decorator.expression)).collect()
}

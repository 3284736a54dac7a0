//! Evidence about the values that operators, methods and functions are used on, and the values that these give. Called
//! by `walk` and `expressions`.

use ruff_python_ast::{Expr, Operator};

use super::graph::{TypeGraph, VarId};
use super::methods::{METHODS, MethodArguments, MethodResult};
use crate::inputs::types::py_type::Builtin;

use Builtin::{Bool, Bytes, Dict, Float, Function, Int, List, Set, Str, Tuple};

/// The value that a binary operator gives.
pub(super) fn operation(graph: &mut TypeGraph, operator: Operator, left: VarId, right: VarId) -> VarId {
    match operator {
        Operator::Add => {
            graph.vote(left, &[(Int, 1)]);
            graph.unify(left, right);
            left
        }
        Operator::Sub => {
            if graph.votes_for(left, Set) == 0 && graph.votes_for(right, Set) == 0 {
                graph.vote(left, &[(Int, 4)]);
                graph.vote(right, &[(Int, 4)]);
            }
            graph.unify(left, right);
            left
        }
        Operator::Mult => {
            let is_sequence = |graph: &TypeGraph, id| graph.votes_for(id, Str) + graph.votes_for(id, List) > 3;
            for (one, other) in [(left, right), (right, left)] {
                if is_sequence(graph, one) {
                    graph.vote(other, &[(Int, 5)]);
                    return one;
                }
            }
            graph.vote(left, &[(Int, 3)]);
            graph.vote(right, &[(Int, 3)]);
            graph.fresh_builtin(Int, 2)
        }
        Operator::Div => {
            for side in [left, right] {
                graph.vote(side, &[(Int, 3), (Float, 2)]);
            }
            graph.fresh_builtin(Float, 3)
        }
        Operator::Mod | Operator::FloorDiv | Operator::Pow => {
            for side in [left, right] {
                graph.vote(side, &[(Int, 5)]);
            }
            graph.fresh_builtin(Int, 3)
        }
        Operator::LShift | Operator::RShift => {
            for side in [left, right] {
                graph.vote(side, &[(Int, 6)]);
            }
            graph.fresh_builtin(Int, 4)
        }
        Operator::BitAnd | Operator::BitOr | Operator::BitXor => {
            graph.vote(left, &[(Int, 3), (Set, 2)]);
            graph.unify(left, right);
            left
        }
        Operator::MatMult => graph.fresh(),
    }
}

/// Evidence of `inner in outer`.
pub(super) fn contained(graph: &mut TypeGraph, inner: VarId, inner_text: &Expr, outer: VarId, outer_text: &Expr) {
    if outer_text.is_string_literal_expr() {
        graph.vote(inner, &[(Str, 6)]);
        graph.variable_mut(inner).is_letter = true;
        return;
    }
    if let Expr::Tuple(_) | Expr::List(_) | Expr::Set(_) = outer_text {
        let parts = graph.variable_mut(outer).parts.clone();
        for part in parts {
            graph.unify(inner, part);
        }
        let element = graph.iterated(outer);
        graph.unify(element, inner);
        return;
    }
    let votes = [(List, 3), (Dict, 2), (Set, 2)];
    graph.vote(outer, &votes);
    if inner_text.is_string_literal_expr() {
        graph.vote(outer, &[(Str, 3), (Dict, 1)]);
    }
    let element = graph.iterated(outer);
    graph.unify(element, inner);
}

/// The item that indexing a value with another gives.
pub(super) fn indexed(graph: &mut TypeGraph, base: VarId, index: VarId) -> VarId {
    graph.vote(base, &[(List, 2), (Dict, 1), (Str, 1)]);
    let known = graph.component(base, |variable| &mut variable.index);
    graph.unify(known, index);
    graph.item(base)
}

/// Evidence of a test whether a value is an instance of a class.
pub(super) fn instance(graph: &mut TypeGraph, value: VarId, class: &str, votes: u32) {
    let kind = match class {
        "int" | "Integral" => Int,
        "float" | "Number" | "Real" => Float,
        "str" | "basestring" => Str,
        "bytes" | "bytearray" => Bytes,
        "bool" => Bool,
        "list" | "Sequence" | "Iterable" | "Collection" => List,
        "tuple" => Tuple,
        "dict" | "Mapping" => Dict,
        "set" | "frozenset" => Set,
        "Callable" => Function,
        _ => return,
    };
    graph.vote(value, &[(kind, votes)]);
}

/// Evidence of a test whether a value is an instance of one of these classes: a name, or a tuple of them.
pub(super) fn of_classes(graph: &mut TypeGraph, value: VarId, classes: &Expr, votes: u32) {
    let one = std::slice::from_ref(classes);
    for class in classes.as_tuple_expr().map_or(one, |tuple| &tuple.elts) {
        if let Some(class) = class.as_name_expr() {
            instance(graph, value, class.id.as_str(), votes);
        }
    }
}

/// The value that a method gives. `module` is the name that it is looked up in, where no scope binds that name.
pub(super) fn method(
    graph: &mut TypeGraph,
    module: Option<&str>,
    base: VarId,
    name: &str,
    given: &[VarId],
    named: &[(String, VarId)],
) -> VarId {
    if let Some(module) = module
        && let Some(result) = of_module(graph, module, name, given)
    {
        return result;
    }
    if let Some(class) = graph.variable_mut(base).class.clone() {
        let own = format!("{class}.{name}");
        if graph.functions.contains_key(&own) {
            return graph.call_known(&own, given, named, true);
        }
    }
    let Some((_, votes, gives, takes)) = METHODS.iter().find(|(method, ..)| *method == name) else {
        let member = graph.attribute(base, name);
        return graph.called(member, given.len());
    };
    graph.vote(base, votes);
    for (place, argument) in given.iter().enumerate() {
        match takes {
            MethodArguments::Anything => {}
            MethodArguments::Of(kind) => graph.vote(*argument, &[(*kind, if place == 0 { 6 } else { 2 })]),
            MethodArguments::Element if place == 0 => {
                let element = graph.iterated(base);
                let item = graph.item(base);
                graph.unify(element, item);
                graph.unify(element, *argument);
            }
            MethodArguments::Alike => {
                let (mine, theirs) = (graph.iterated(base), graph.iterated(*argument));
                graph.unify(mine, theirs);
            }
            MethodArguments::KeyAndItem if place == 0 => {
                let keys = graph.iterated(base);
                graph.unify(keys, *argument);
            }
            MethodArguments::KeyAndItem => {
                let item = graph.item(base);
                graph.unify(item, *argument);
            }
            MethodArguments::Width | MethodArguments::Separator => {
                if matches!(takes, MethodArguments::Width) == (place == 0) {
                    graph.vote(*argument, &[(Int, 6)]);
                } else {
                    graph.vote(*argument, &[(Str, 6)]);
                    graph.variable_mut(*argument).is_letter = true;
                }
            }
            MethodArguments::Element => {}
        }
    }
    if name == "join"
        && let Some(argument) = given.first()
    {
        graph.vote(*argument, &[(List, 4)]);
        let element = graph.iterated(*argument);
        graph.vote(element, &[(Str, 5)]);
    }
    match gives {
        MethodResult::Nothing => graph.fresh(),
        MethodResult::Of(kind) => graph.fresh_builtin(*kind, 3),
        MethodResult::ListOfStr => {
            let made = graph.fresh_builtin(List, 4);
            for inner in [graph.iterated(made), graph.item(made)] {
                graph.vote(inner, &[(Str, 4)]);
            }
            made
        }
        MethodResult::Itself => base,
        MethodResult::Item => graph.item(base),
        MethodResult::Keys => {
            let made = graph.fresh_builtin(List, 2);
            let (mine, theirs) = (graph.iterated(made), graph.iterated(base));
            graph.unify(mine, theirs);
            made
        }
        MethodResult::Values => {
            let made = graph.fresh_builtin(List, 2);
            let (mine, theirs) = (graph.iterated(made), graph.item(base));
            graph.unify(mine, theirs);
            made
        }
        MethodResult::Pairs => {
            let made = graph.fresh_builtin(List, 2);
            let (keys, items) = (graph.iterated(base), graph.item(base));
            let pair = graph.iterated(made);
            graph.variable_mut(pair).parts = vec![keys, items];
            made
        }
    }
}

/// The value that a function of a well-known module gives; `None` for any other module.
fn of_module(graph: &mut TypeGraph, module: &str, name: &str, given: &[VarId]) -> Option<VarId> {
    match module {
        "math" | "cmath" => {
            let whole = ["gcd", "lcm", "factorial", "comb", "perm", "isqrt"].contains(&name);
            for argument in given {
                match name {
                    "prod" | "fsum" | "dist" | "sumprod" => {
                        graph.vote(*argument, &[(List, 6)]);
                        let element = graph.iterated(*argument);
                        graph.vote(element, &[(Int, 4)]);
                    }
                    _ if whole => graph.vote(*argument, &[(Int, 6)]),
                    _ => graph.vote(*argument, &[(Int, 3), (Float, 3)]),
                }
            }
            let integral = whole || ["floor", "ceil", "trunc"].contains(&name);
            Some(graph.fresh_builtin(if integral { Int } else { Float }, 3))
        }
        "re" => {
            let texts = if matches!(name, "sub" | "subn") { 3 } else { 2 };
            for argument in given.iter().take(texts) {
                graph.vote(*argument, &[(Str, 6)]);
            }
            Some(match name {
                "findall" | "split" => {
                    let made = graph.fresh_builtin(List, 4);
                    let inner = graph.iterated(made);
                    graph.vote(inner, &[(Str, 3)]);
                    made
                }
                "sub" => graph.fresh_builtin(Str, 4),
                _ => graph.fresh(),
            })
        }
        "heapq" | "bisect" | "itertools" | "statistics" | "collections" | "random" | "operator" | "functools" => {
            for argument in given {
                if graph.votes_for(*argument, Int) == 0 && !matches!(module, "operator" | "functools") {
                    graph.vote(*argument, &[(List, 3)]);
                }
            }
            let made = graph.fresh();
            if let (Some(first), "itertools") = (given.first(), module) {
                let (mine, theirs) = (graph.iterated(made), graph.iterated(*first));
                if matches!(name, "chain" | "islice" | "takewhile" | "dropwhile" | "cycle" | "accumulate") {
                    graph.unify(mine, theirs);
                }
            }
            Some(made)
        }
        _ => None,
    }
}

/// The value that a call by name gives: of a function of the unit, a class of the unit, or a built-in function.
pub(super) fn call(
    graph: &mut TypeGraph,
    name: &str,
    texts: &[Expr],
    given: &[VarId],
    named: &[(String, VarId)],
) -> VarId {
    if graph.functions.contains_key(name) {
        return graph.call_known(name, given, named, false);
    }
    let constructor = format!("{name}.__init__");
    if graph.functions.contains_key(&constructor) {
        graph.call_known(&constructor, given, named, true);
        let made = graph.fresh();
        graph.variable_mut(made).class = Some(name.to_owned());
        return made;
    }
    let Some(first) = given.first().copied() else { return graph.fresh() };
    // A key function is called with each element.
    let key = named.iter().find(|(name, _)| name == "key").map(|(_, key)| *key);
    let asked = if matches!(name, "map" | "filter") { given.get(1).map(|walked| (first, *walked)) } else { None };
    if let Some((function, walked)) = asked.or(key.map(|key| (key, first)))
        && let Some(parameter) = graph.variable_mut(function).parts.first().copied()
    {
        let element = graph.iterated(walked);
        graph.unify(element, parameter);
    }
    match name {
        "len" => {
            graph.vote(first, &[(List, 2), (Str, 2)]);
            graph.fresh_builtin(Int, 3)
        }
        "range" | "chr" | "bin" | "hex" | "oct" => {
            given.iter().for_each(|argument| graph.vote(*argument, &[(Int, 7)]));
            if name != "range" {
                return graph.fresh_builtin(Str, 4);
            }
            let made = graph.fresh_builtin(List, 1);
            let inner = graph.iterated(made);
            graph.vote(inner, &[(Int, 4)]);
            made
        }
        "ord" => {
            graph.vote(first, &[(Str, 7)]);
            graph.variable_mut(first).is_letter = true;
            graph.fresh_builtin(Int, 4)
        }
        "int" => {
            graph.vote(first, &[(Str, 3), (Int, 3), (Float, 1)]);
            given.iter().skip(1).for_each(|base| graph.vote(*base, &[(Int, 6)]));
            graph.fresh_builtin(Int, 4)
        }
        "float" => {
            graph.vote(first, &[(Float, 3), (Int, 2), (Str, 1)]);
            graph.fresh_builtin(Float, 4)
        }
        "abs" | "round" | "divmod" | "pow" => {
            given.iter().for_each(|argument| graph.vote(*argument, &[(Int, 4), (Float, 2)]));
            first
        }
        "str" | "repr" | "ascii" | "format" => graph.fresh_builtin(Str, 4),
        "bool" | "callable" | "hasattr" => graph.fresh_builtin(Bool, 3),
        "isinstance" => {
            if let Some(classes) = texts.get(1) {
                of_classes(graph, first, classes, 3);
            }
            graph.fresh_builtin(Bool, 3)
        }
        "sum" => {
            iterates(graph, first);
            let element = graph.iterated(first);
            graph.vote(element, &[(Int, 4)]);
            element
        }
        "max" | "min" if given.len() > 1 => {
            given.iter().skip(1).for_each(|argument| graph.unify(first, *argument));
            first
        }
        "max" | "min" | "next" => {
            iterates(graph, first);
            graph.iterated(first)
        }
        "sorted" | "list" | "tuple" | "set" | "frozenset" | "iter" | "reversed" | "deque" | "Counter" => {
            iterates(graph, first);
            let kind = match name {
                "tuple" => Tuple,
                "set" | "frozenset" => Set,
                "Counter" => Dict,
                _ => List,
            };
            let made = graph.fresh_builtin(kind, 3);
            let (mine, theirs) = (graph.iterated(made), graph.iterated(first));
            graph.unify(mine, theirs);
            if kind == List || kind == Tuple {
                let item = graph.item(made);
                graph.unify(mine, item);
            }
            made
        }
        "enumerate" => {
            iterates(graph, first);
            let made = graph.fresh_builtin(List, 1);
            let pair = graph.iterated(made);
            let parts = vec![graph.fresh_builtin(Int, 3), graph.iterated(first)];
            graph.variable_mut(pair).parts = parts;
            made
        }
        "zip" => {
            given.iter().for_each(|argument| iterates(graph, *argument));
            let made = graph.fresh_builtin(List, 1);
            let pair = graph.iterated(made);
            let parts = given.iter().map(|argument| graph.iterated(*argument)).collect();
            graph.variable_mut(pair).parts = parts;
            made
        }
        "map" | "filter" => {
            graph.vote(first, &[(Function, 6)]);
            given.iter().skip(1).for_each(|argument| iterates(graph, *argument));
            let made = graph.fresh_builtin(List, 1);
            let inner = graph.iterated(made);
            let walked = given.get(1).map(|walked| graph.iterated(*walked));
            if let Some(element) = walked {
                let function = texts.first().and_then(Expr::as_name_expr).map_or("", |name| name.id.as_str());
                match (name, function) {
                    ("filter", _) => graph.unify(inner, element),
                    (_, "int") => graph.vote(element, &[(Str, 3), (Int, 2)]),
                    (_, "len") => graph.vote(element, &[(List, 3), (Str, 3)]),
                    _ => {}
                }
            }
            made
        }
        "any" | "all" => {
            iterates(graph, first);
            graph.fresh_builtin(Bool, 3)
        }
        "dict" => {
            graph.vote(first, &[(Dict, 3), (List, 1)]);
            first
        }
        "print" | "type" | "id" | "hash" => graph.fresh(),
        _ => graph.fresh(),
    }
}

/// Evidence of iterating a value.
pub(super) fn iterates(graph: &mut TypeGraph, value: VarId) {
    graph.vote(value, &[(List, 3), (Str, 1), (Tuple, 1), (Set, 1)]);
}

//! Fuzzing of answers: nothing panics, and only allowed calls come out.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Parameters};

use super::parsing::row;
use super::*;
use crate::fuzz::{Target, fuzz, outcome};

/// Finds what no call may contain, by a list of its own.
#[derive(Default)]
struct Inspector {
    names: Vec<String>,
    bound: Vec<String>,
    attributes: usize,
    worst: Option<String>,
}

impl<'a> Visitor<'a> for Inspector {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => self.names.push(name.id.to_string()),
            Expr::Attribute(_) => self.attributes += 1,
            Expr::Named(_)
            | Expr::Await(_)
            | Expr::Yield(_)
            | Expr::YieldFrom(_)
            | Expr::Starred(_)
            | Expr::FString(_)
            | Expr::TString(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_)
            | Expr::IpyEscapeCommand(_) => self.worst = Some(format!("{expression:?}")),
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        self.bound.extend(parameters.iter().map(|parameter| parameter.name().to_string()));
        visitor::walk_parameters(self, parameters);
    }
}

#[rustfmt::skip]
const NAMES: [&str; 24] = [
    "f", "Stack", "Point", "set", "frozenset", "range", "float", "complex", "bytes", "bytearray", "list", "dict",
    "tuple", "str", "int", "bool", "abs", "len", "max", "min", "repr", "round", "sorted", "sum",
];

fn inspect(row: &FunctionsRow, call: &str) {
    let expression = python::parse_expression(call).unwrap_or_else(|| panic!("{call}"));
    let mut inspector = Inspector::default();
    inspector.visit_expr(&expression);
    assert!(inspector.worst.is_none(), "{call}: {:?}", inspector.worst);
    let attributes = usize::from(row.class_name.is_some());
    assert_eq!(inspector.attributes, attributes, "{call}");
    for name in &inspector.names {
        assert!(NAMES.contains(&name.as_str()) || inspector.bound.contains(name), "{call}: {name}");
        assert!(!name.starts_with("__"), "{call}");
    }
    assert!(call.len() <= 20_000, "{} bytes", call.len());
}

#[rustfmt::skip]
const TOKENS: &[&[u8]] = &[
    b"f(1)", b"Stack().push(", b"lambda x: ", b"__import__('os')", b".x", b"(", b")", b"[", b"]", b"*", b"**", b":=",
    b"f'{x}'", b" for x in y", b"\"", b"'''", b"\\", b"```", b"-", b"await ", b"yield ", b"set(", b"range(",
    b"1e400", b"\xff", b"\x00", b"9999999999", b"assert ", b" == ", b"not ", b"if 1 else ", b"{", b"}", b": ",
];

#[test]
fn whatever_comes_back_only_allowed_calls_come_out() {
    let rows = [row("function", "f"), row("method", "Stack.push")];
    let bench = Bench::new(nowhere());
    let proposer = proposer(&bench);
    let seeds = [
        "```json\n[\"f(1)\", \"f('a', [1, 2], key={'b': None})\", \"Stack([1]).push(Point())\"]\n```",
        "1. f(lambda x, y=1: x[0] + len(y) ** 2)\n2. `f(-1.5)`\nassert f(float('inf')) == 1\n",
        "f(__import__('os').system('ls'))\nf([x for x in range(10 ** 9)])\nf(f'{x}', *y, **z)\nf((a := 1))\nf(x.y)",
        "<think>Hm.</think>\nHere:\n[\"Stack().push(frozenset([1]))\",\n\"f(range(3), {1}, b'x', 1 - 2j)\"",
        "print(Stack([(1, 2)]).push(lambda a: lambda b: a if b else not a))",
    ];
    let target = Target {
        name: "model_answers",
        seeds: seeds.iter().map(|text| text.as_bytes().to_vec()).collect(),
        tokens: TOKENS,
        repair: |_| {},
        is_source: true,
        inputs: 4_000,
    };
    fuzz(&target, |bytes| {
        let content = String::from_utf8_lossy(bytes).into_owned();
        let answer = Answer { content, ..Answer::default() };
        let mut said = String::new();
        for row in &rows {
            let (calls, refused) = proposer.calls(row, &answer);
            assert!(calls.len() <= bench.config.calls);
            calls.iter().for_each(|call| inspect(row, call));
            said.push_str(&format!("{} {:?}", calls.len().min(2), refused.keys()));
        }
        outcome(&said)
    });
}

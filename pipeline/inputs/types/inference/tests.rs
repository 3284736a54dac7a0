//! Types that are inferred from code and docstrings.

use super::*;
use crate::inputs::types::py_type::PyType;

/// The type of the first parameter of `f`.
fn type_in(source: &str) -> String {
    let parsed = crate::python::parse(source).unwrap();
    let graph = TypeGraph::from_statements(parsed.suite());
    let (name, _) = graph.functions["f"].parameters[0].clone();
    let ty = graph.parameter_type("f", &name, None).unwrap();
    match ty {
        PyType::Union(parts) => format!("{:?}", parts[0]),
        ty => format!("{ty:?}"),
    }
}

#[test]
fn types_follow_from_uses() {
    let mut failed = String::new();
    for (source, expected) in [
        ("def f(q):\n    return q.upper()\n", "Str"),
        ("def f(q):\n    return q % 2 == 0\n", "Int"),
        ("def f(q):\n    q.append(1)\n    return q\n", "List(Int)"),
        ("def f(q):\n    t = 0\n    for e in q:\n        t += e * 2\n    return t\n", "List(Int)"),
        ("def f(q):\n    return [w.lower() for w in q]\n", "List(Str)"),
        ("def f(q):\n    return sum(len(w) for w in q.split())\n", "Str"),
        ("def f(q):\n    return {k: v + 1 for k, v in q.items()}\n", "Dict(Str, Int)"),
        ("def f(q):\n    return q['name'].strip() + str(q['age'] - 1)\n", "Fields([(\"age\", Int), (\"name\", Str)])"),
        ("def f(q):\n    return sorted(q, key=lambda p: p[1])\n", "List(List(Int))"),
        ("def f(q):\n    n = 0\n    for c in q:\n        if c in 'aeiou':\n            n += 1\n    return n\n", "Str"),
        ("def f(q):\n    for row in q:\n        for e in row:\n            print(e - 1)\n", "List(List(Int))"),
        ("def f(q):\n    return q(1, 2)\n", "Callable(Some([Any, Any]), Any)"),
        ("def g(x):\n    return x.split()\ndef f(q):\n    return g(q)\n", "Str"),
        ("def f(q):\n    a, b = q\n    return a - b\n", "Record([Int, Int])"),
        ("def f(q):\n    return q.width * q.height\n", "Namespace([(\"height\", Int), (\"width\", Int)])"),
        ("class P:\n    def __init__(self):\n        self.x = 1\ndef f(q):\n    return q.x\n", "Class(\"P\")"),
        ("def f(q):\n    while q > 1:\n        q = q // 2 if q % 2 == 0 else 3 * q + 1\n    return q\n", "Int"),
        ("def f(q):\n    return q | {1} if isinstance(q, set) else q.union({2})\n", "Set(Int)"),
        ("def f(q):\n    return q.decode()\n", "Bytes"),
        ("def f(text):\n    return text\n", "Str"),
        ("def f(q):\n    return math.sqrt(q) / 2.5\n", "Int"),
        ("def f(q):\n    return [int(d) for d in str(q)]\n", "Int"),
    ] {
        if type_in(source) != expected {
            failed.push_str(&format!("{source}{}\n\n", type_in(source)));
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[test]
fn a_docstring_tells_types() {
    let source = "def f(q):\n    return q\n";
    let parsed = crate::python::parse(source).unwrap();
    let graph = TypeGraph::from_statements(parsed.suite());
    for (text, expected) in [
        (":type q: float", PyType::Float),
        (":param int q: how many", PyType::Int),
        ("Args:\n    q (list of str): words", PyType::list(PyType::Str)),
        ("q : dict\n    Settings.", PyType::dict(PyType::Str, PyType::Int)),
    ] {
        let found = graph.parameter_type("f", "q", Some(text)).unwrap();
        let first = if let PyType::Union(parts) = found { parts[0].clone() } else { found };
        assert_eq!(first, expected, "{text}");
    }
}

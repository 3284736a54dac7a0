//! The assert methods of `unittest` as plain statements. Called by `usages`.

use ruff_python_ast::{Expr, Stmt};

use crate::python::signature::text;

/// A plain statement in place of an assert method.
#[derive(Debug)]
pub(super) struct PlainAssert<'a> {
    /// The statement.
    pub(super) text: String,
    /// The expressions in it.
    pub(super) expressions: Vec<&'a Expr>,
}

/// The plain statement for `self.assertEqual(a, b)` and its like; `None` for other statements.
pub(super) fn plain_assert<'a>(source: &str, statement: &'a Stmt) -> Option<PlainAssert<'a>> {
    let call = statement.as_expr_stmt()?.value.as_call_expr()?;
    let method = call.func.as_attribute_expr()?;
    if method.value.as_name_expr()?.id.as_str() != "self" {
        return None;
    }
    let arguments = &*call.arguments.args;
    if arguments.iter().any(Expr::is_starred_expr) {
        return None;
    }
    let of = |index: usize| arguments.get(index).map(|argument| format!("({})", text(source, argument)));
    let name = method.attr.as_str();
    let two = |operator: &str| Some(format!("assert {} {operator} {}", of(0)?, of(1)?));
    let (used, text) = match name {
        "assertEqual"
        | "assertEquals"
        | "assertListEqual"
        | "assertTupleEqual"
        | "assertDictEqual"
        | "assertSetEqual"
        | "assertSequenceEqual"
        | "assertMultiLineEqual" => (2, two("==")?),
        "assertNotEqual" => (2, two("!=")?),
        "assertIs" => (2, two("is")?),
        "assertIsNot" => (2, two("is not")?),
        "assertIn" => (2, two("in")?),
        "assertNotIn" => (2, two("not in")?),
        "assertLess" => (2, two("<")?),
        "assertLessEqual" => (2, two("<=")?),
        "assertGreater" => (2, two(">")?),
        "assertGreaterEqual" => (2, two(">=")?),
        "assertAlmostEqual" if call.arguments.keywords.is_empty() && arguments.len() == 2 => {
            (2, format!("assert round({} - {}, 7) == 0", of(0)?, of(1)?))
        }
        "assertTrue" => (1, format!("assert {}", of(0)?)),
        "assertFalse" => (1, format!("assert not {}", of(0)?)),
        "assertIsNone" => (1, format!("assert {} is None", of(0)?)),
        "assertIsNotNone" => (1, format!("assert {} is not None", of(0)?)),
        "assertIsInstance" => (2, format!("assert isinstance({}, {})", of(0)?, of(1)?)),
        // The call that should raise is the usage.
        "assertRaises" if arguments.len() > 1 => {
            if let (Expr::Lambda(lambda), 2) = (&arguments[1], arguments.len()) {
                return Some(PlainAssert { text: text(source, lambda.body.as_ref()), expressions: vec![&lambda.body] });
            }
            let rest = arguments[2..].iter().map(|argument| text(source, argument));
            let keywords = call.arguments.keywords.iter().map(|keyword| text(source, keyword));
            let rest = rest.chain(keywords).collect::<Vec<_>>().join(", ");
            let expressions = arguments[1..].iter().chain(call.arguments.keywords.iter().map(|keyword| &keyword.value));
            return Some(PlainAssert {
                text: format!("{}({rest})", text(source, &arguments[1])),
                expressions: expressions.collect(),
            });
        }
        // The elements are equal in some order, so only the call is left.
        "assertCountEqual" | "assertItemsEqual" | "assertAlmostEqual" => (1, of(0)?),
        _ => return None,
    };
    Some(PlainAssert { text, expressions: arguments.iter().take(used).collect() })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(source: &str, expected: Expect) {
        let parsed = crate::python::parse(source).unwrap();
        let plain = parsed.suite().iter().map(|statement| plain_assert(source, statement));
        let lines = plain.map(|plain| plain.map_or("-".to_owned(), |plain| plain.text));
        expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn assert_methods_become_asserts() {
        check(
            "self.assertEqual(f(1), [1,\n 2], 'message')\nself.assertTrue(f(1) or 2)\nself.assertFalse(a or b)\n\
             self.assertIn(1, f())\nself.assertAlmostEqual(f(), 1.0)\nself.assertAlmostEqual(f(), 1.0, places=3)\n\
             self.assertIsNone(f())\nself.assertIsInstance(f(), list)",
            expect![[r#"
                assert (f(1)) == ([1,
                 2])
                assert (f(1) or 2)
                assert not (a or b)
                assert (1) in (f())
                assert round((f()) - (1.0), 7) == 0
                (f())
                assert (f()) is None
                assert isinstance((f()), (list))"#]],
        );
    }

    #[test]
    fn a_call_that_is_to_raise_is_a_call() {
        check(
            "self.assertRaises(ValueError, f, 1, key=[])\nself.assertRaises(E, lambda: f(2))\nself.assertRaises(E)",
            expect![[r#"
                f(1, key=[])
                f(2)
                -"#]],
        );
    }

    #[test]
    fn other_statements_have_none() {
        check("self.fail()\nother.assertEqual(1, 2)\nself.assertEqual(*both)\nassert x", expect!["-\n-\n-\n-"]);
    }
}

//! The assert methods of `unittest`, as the plain statements that claim the same.

use ruff_python_ast::{Expr, Stmt};

use crate::python::signature::text;

/// What a statement claims.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    /// A statement that claims it by itself.
    pub(super) text: String,
    /// The expressions that it is made of.
    pub(super) made_of: Vec<&'a Expr>,
}

/// What `self.assertEqual(a, b)` and its like claim; `None` for other statements.
pub(super) fn of<'a>(source: &str, statement: &'a Stmt) -> Option<Claim<'a>> {
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
        // What is expected is that it raises: a call like any other.
        "assertRaises" if arguments.len() > 1 => {
            if let (Expr::Lambda(lambda), 2) = (&arguments[1], arguments.len()) {
                return Some(Claim { text: text(source, lambda.body.as_ref()), made_of: vec![&lambda.body] });
            }
            let rest = arguments[2..].iter().map(|argument| text(source, argument));
            let keywords = call.arguments.keywords.iter().map(|keyword| text(source, keyword));
            let rest = rest.chain(keywords).collect::<Vec<_>>().join(", ");
            let made_of = arguments[1..].iter().chain(call.arguments.keywords.iter().map(|keyword| &keyword.value));
            return Some(Claim {
                text: format!("{}({rest})", text(source, &arguments[1])),
                made_of: made_of.collect(),
            });
        }
        // The elements are equal in some order; what is left is the call.
        "assertCountEqual" | "assertItemsEqual" | "assertAlmostEqual" => (1, of(0)?),
        _ => return None,
    };
    Some(Claim { text, made_of: arguments.iter().take(used).collect() })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(source: &str, expected: Expect) {
        let parsed = crate::python::parse(source).unwrap();
        let claims = parsed.suite().iter().map(|statement| of(source, statement));
        let lines = claims.map(|claim| claim.map_or("-".to_owned(), |claim| claim.text));
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
    fn others_are_no_claims() {
        check("self.fail()\nother.assertEqual(1, 2)\nself.assertEqual(*both)\nassert x", expect!["-\n-\n-\n-"]);
    }
}

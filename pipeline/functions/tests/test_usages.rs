//! Usages in test files of definitions in other files.

use super::*;

/// The usages in a test file.
fn check_usages(path: &str, source: &str, expected: Expect) {
    let file = CorporaRow { path: path.to_owned(), content: Some(source.to_owned()), ..CorporaRow::default() };
    let mut text = String::new();
    for row in extract::extract(file, &config().functions, None).usages {
        writeln!(text, "== {} {}\n{}", row.line_number, row.names.join(" "), row.source).unwrap();
    }
    expected.assert_eq(&text);
}

#[test]
fn tests_use_what_they_import() {
    check_usages(
        "r/tests/test_m.py",
        "\
import unittest
import pytest
from r import m, other
from r.m import f as g

def helped(x):
    return g(x)

class Tests(unittest.TestCase):
    def test_claims(self):
        data = [1]
        data.append(2)
        self.assertEqual(m.f(data), [1, 2])
        with self.assertRaises(ValueError):
            helped(None)

    def test_rounds(self):
        for given, wanted in [(1, 2), (g(3), 4)]:
            with self.subTest(given=given):
                self.assertEqual(g(given), wanted)

@pytest.mark.parametrize('a, b', [(1, 'x'), (2, 'y')])
def test_given(a, b):
    c = g(a)
    assert c.thing == other.h(b)

def test_fixture(tmp_path):
    assert g(tmp_path)

assert unittest
",
        expect![[r#"
            == 13 r/m:f r:m
            from r import m, other
            data = [1]
            data.append(2)
            assert (m.f(data)) == ([1, 2])
            == 15 r/m:f
            from r.m import f as g
            def helped(x):
                return g(x)
            helped(None)
            == 20 r/m:f
            from r.m import f as g
            given, wanted = (1, 2)
            assert (g(given)) == (wanted)
            == 20 r/m:f
            from r.m import f as g
            given, wanted = (g(3), 4)
            assert (g(given)) == (wanted)
            == 24 r/m:f
            from r.m import f as g
            a, b = (1, 'x')
            c = g(a)
            == 24 r/m:f
            from r.m import f as g
            a, b = (2, 'y')
            c = g(a)
            == 25 r/m:f r/other:h r:other
            from r import m, other
            from r.m import f as g
            a, b = (1, 'x')
            c = g(a)
            assert c.thing == other.h(b)
            == 25 r/m:f r/other:h r:other
            from r import m, other
            from r.m import f as g
            a, b = (2, 'y')
            c = g(a)
            assert c.thing == other.h(b)
        "#]],
    );
}

#[test]
fn relative_and_star_imports_count_too() {
    check_usages(
        "r/m/tests/test_m.py",
        "from ..m import *\nfrom . import near\nassert f(1) == near.g(len([]))\n",
        expect![[r#"
            == 3 /r/m/m:f /r/m/tests/near:g /r/m/tests:near
            from . import near
            assert f(1) == near.g(len([]))
        "#]],
    );
    check_usages("r/m/tests.py", "assert [].f() == 1\n", expect![""]);
    check_usages("r/m/use.py", "from r import f\nassert f() == 1\n", expect![""]);
}

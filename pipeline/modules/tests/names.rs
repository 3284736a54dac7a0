//! Names of modules and of what they import: relative imports, statements anywhere, paths that are no names.

use expect_test::expect;

use super::check;

#[test]
fn relative_imports_count_from_the_package_of_the_file() {
    let files = [
        ("a/__init__.py", "from . import b\nfrom .b import c"),
        ("a/b/__init__.py", "from . import c\nfrom .. import x\nfrom ...y import z"),
        ("a/b/c/__init__.py", "from ..d import e\nfrom ... import x, b\nfrom ...b.d import e"),
        ("a/b/c/f.py", "from . import g\nfrom .. import d\nfrom ... import x\nfrom .... import y\nfrom .none import n"),
        ("a/b/d.py", "from .c.f import *\nfrom .. import x"),
        ("a/x.py", "from . import x\nfrom .. import y"),
    ];
    check(
        &files,
        expect![[r#"
        a/__init__.py: a package in '' by package
          a corpus a/__init__.py
          a.b corpus a/b/__init__.py
          a.b.c corpus a/b/c/__init__.py
        a/b/__init__.py: a.b package in '' by package
          ...y missing -
          a corpus a/__init__.py
          a.b corpus a/b/__init__.py
          a.b.c corpus a/b/c/__init__.py
          a.x corpus a/x.py
        a/b/c/__init__.py: a.b.c package in '' by package
          a corpus a/__init__.py
          a.b corpus a/b/__init__.py
          a.b.d corpus a/b/d.py
          a.x corpus a/x.py
        a/b/c/f.py: a.b.c.f in '' by package
          .... missing -
          a corpus a/__init__.py
          a.b corpus a/b/__init__.py
          a.b.c corpus a/b/c/__init__.py
          a.b.c.none missing -
          a.b.d corpus a/b/d.py
          a.x corpus a/x.py
        a/b/d.py: a.b.d in '' by package
          a corpus a/__init__.py
          a.b.c.f corpus a/b/c/f.py
          a.x corpus a/x.py
        a/x.py: a.x in '' by package
          .. missing -
          a corpus a/__init__.py
          a.x corpus a/x.py
    "#]],
    );
}

#[test]
fn statements_count_wherever_they_stand() {
    let text = "\
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from p.types import T
try:
    import fast as quick
except ImportError:
    import p.slow as quick
else:
    import p.more
finally:
    import p.last
def f():
    async def g():
        from p.lazy import *
    class C:
        import p.inner
        match 1:
            case 1:
                import p.case
for x in y:
    while True:
        with z:
            import p.deep
lambda: __import__('p.called')
";
    let mut files = vec![("p/__init__.py", text)];
    let names = ["types", "slow", "more", "last", "lazy", "inner", "case", "deep", "called"];
    let paths = names.map(|name| format!("p/{name}.py"));
    files.extend(paths.iter().map(|path| (path.as_str(), "")));
    let shown = super::shown(false, &files);
    let own: String = shown
        .lines()
        .take_while(|line| !line.starts_with("p/types"))
        .fold(String::new(), |all, line| all + line + "\n");
    expect![[r#"
        p/__init__.py: p package in '' by package
          fast missing -
          p corpus p/__init__.py
          p.case corpus p/case.py
          p.deep corpus p/deep.py
          p.inner corpus p/inner.py
          p.last corpus p/last.py
          p.lazy corpus p/lazy.py
          p.more corpus p/more.py
          p.slow corpus p/slow.py
          p.types corpus p/types.py
          typing standard -
    "#]]
    .assert_eq(&own);
}

#[test]
fn star_imports_and_reexports_lead_to_the_module_that_is_named() {
    let files = [
        ("p/__init__.py", "from .a import *\nfrom .b import thing as other"),
        ("p/a.py", "__all__ = ['b']"),
        ("p/b.py", "thing = 1"),
        ("q.py", "from p import *\nfrom p import b, thing"),
    ];
    check(
        &files,
        expect![[r#"
        p/__init__.py: p package in '' by package
          p.a corpus p/a.py
          p.b corpus p/b.py
        p/a.py: p.a in '' by package
        p/b.py: p.b in '' by package
        q.py: q in '' by script
          p corpus p/__init__.py
          p.b corpus p/b.py
    "#]],
    );
}

#[test]
fn modules_may_import_each_other() {
    let files =
        [("p/__init__.py", "import p.a"), ("p/a.py", "from p import b"), ("p/b.py", "from . import a, b\nimport p")];
    check(
        &files,
        expect![[r#"
        p/__init__.py: p package in '' by package
          p corpus p/__init__.py
          p.a corpus p/a.py
        p/a.py: p.a in '' by package
          p corpus p/__init__.py
          p.b corpus p/b.py
        p/b.py: p.b in '' by package
          p corpus p/__init__.py
          p.a corpus p/a.py
          p.b corpus p/b.py
    "#]],
    );
}

#[test]
fn a_path_that_no_import_can_spell_has_no_name() {
    let files = [
        ("p/__init__.py", ""),
        ("p/class.py", ""),
        ("p/match.py", ""),
        ("p/None.py", ""),
        ("p/two-words.py", "from . import match"),
        ("p/2to3.py", ""),
        ("p/async/__init__.py", "from . import x\nfrom .. import match"),
        ("p/async/x.py", ""),
        ("naïve.py", ""),
        ("(a).py", ""),
        (".py", ""),
        ("p/match.py#2", "from . import match"),
        ("records.jsonl:7", "import p"),
        ("snippet", "import p"),
        ("/absolute.py", "from . import p"),
        ("a//b.py", "import p"),
    ];
    check(
        &files,
        expect![[r#"
        p/__init__.py: p package in '' by package
        p/class.py: - in '' by package
        p/match.py: p.match in '' by package
        p/None.py: - in '' by package
        p/two-words.py: - in '' by package
          p corpus p/__init__.py
          p.match corpus p/match.py
        p/2to3.py: - in '' by package
        p/async/__init__.py: - package in '' by package
          p corpus p/__init__.py
          p.async corpus p/async/__init__.py
          p.async.x corpus p/async/x.py
          p.match corpus p/match.py
        p/async/x.py: - in '' by package
        naïve.py: naïve in '' by script
        (a).py: - in '' by script
        .py: - in '' by script
        p/match.py#2: - in '' by package
          p corpus p/__init__.py
          p.match corpus p/match.py
        records.jsonl:7: - in '' by script
          p corpus p/__init__.py
        snippet: - in '' by script
          p corpus p/__init__.py
        /absolute.py: - in '' by script
          . missing -
        a//b.py: b in 'a/' by script
          p corpus p/__init__.py
    "#]],
    );
}

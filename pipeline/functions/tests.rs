//! From source text to units; then folding and resuming over a small dataset.

mod test_usages;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use expect_test::{Expect, expect};
use tracemill_schemas::modules::ModulesRow;

use super::*;
use crate::cancel::Cancel;
use crate::config::{Config, Overrides, load};
use crate::dataset::{Dataset, PartEntry, PartKey};
use crate::progress::Progress;
use crate::stage::drive;

fn config() -> Config {
    load(None, &Overrides::default()).unwrap()
}

fn extracted(source: &str, benchmark: Option<(&str, &str)>) -> Extracted {
    let file = CorporaRow {
        path: "a/file.py".to_owned(),
        content: Some(source.to_owned()),
        entry_point: benchmark.map(|(entry_point, _)| entry_point.to_owned()),
        tests: benchmark.map(|(_, tests)| tests.to_owned()),
        ..CorporaRow::default()
    };
    extract::extract(file, &config().functions, None)
}

/// Each unit with its kind, name, lines and source.
fn check(source: &str, expected: Expect) {
    let mut text = String::new();
    for row in extracted(source, None).functions {
        let lines = (row.line_number, row.unit_line_number);
        writeln!(text, "== {} {} {lines:?}\n{}", row.kind, row.qualified_name, row.source).unwrap();
        let at = row.source.lines().nth(row.unit_line_number as usize - 1).unwrap();
        assert!(row.kind == "program" || at.contains("def "), "{at}");
    }
    expected.assert_eq(&text);
}

/// Everything else about the units.
fn check_rest(source: &str, expected: Expect) {
    let mut text = String::new();
    for row in extracted(source, None).functions {
        write!(text, "{} lines={} loops={}/{}", row.qualified_name, row.line_count, row.loop_count, row.loop_depth)
            .unwrap();
        write!(text, " branches={}", row.branch_count).unwrap();
        for (name, has) in [
            ("recursive", row.is_recursive),
            ("generator", row.is_generator),
            ("async", row.is_async),
            ("exceptions", row.has_exceptions),
            ("closures", row.has_closures),
        ] {
            if has {
                write!(text, " {name}").unwrap();
            }
        }
        for parameter in &row.parameters {
            let (annotation, default) = (parameter.annotation.as_deref(), parameter.default.as_deref());
            let (annotation, default) = (annotation.unwrap_or("?"), default.unwrap_or("-"));
            write!(text, " | {} {}: {annotation} = {default}", parameter.kind, parameter.name).unwrap();
        }
        for (name, list) in [("decorators", &row.decorators), ("imports", &row.imports), ("usages", &row.usages)] {
            if !list.is_empty() {
                write!(text, " | {name} {list:?}").unwrap();
            }
        }
        for (name, value) in [("returns", &row.returns), ("docstring", &row.docstring)] {
            if let Some(value) = value {
                write!(text, " | {name} {value:?}").unwrap();
            }
        }
        text.push('\n');
    }
    expected.assert_eq(&text);
}

#[test]
fn a_unit_takes_what_it_needs_and_no_more() {
    check(
        r#""""Doc."""
from __future__ import annotations
import math, os
import json
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from x import T
LIMIT = 3
OTHER = 4
TABLE = {}
TABLE["a"] = LIMIT
for i in range(3):
    TABLE[i] = i
json.loads("1")

@deco(OTHER)
def helper(x):  # a comment
    # another
    return x + LIMIT

def deco(n):
    return lambda f: f

def f(a: T) -> int:
    return helper(a) + math.pi

def g():
    return TABLE

if __name__ == "__main__":
    print(g())
"#,
        expect![[r#"
            == function helper (17, 5)
            from __future__ import annotations
            LIMIT = 3
            OTHER = 4
            @deco(OTHER)
            def helper(x):  # a comment
                # another
                return x + LIMIT
            def deco(n):
                return lambda f: f
            == function deco (21, 2)
            from __future__ import annotations
            def deco(n):
                return lambda f: f
            == function f (24, 14)
            from __future__ import annotations
            import math, os
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from x import T
            LIMIT = 3
            OTHER = 4
            @deco(OTHER)
            def helper(x):  # a comment
                # another
                return x + LIMIT
            def deco(n):
                return lambda f: f
            def f(a: T) -> int:
                return helper(a) + math.pi
            == function g (27, 7)
            from __future__ import annotations
            LIMIT = 3
            TABLE = {}
            TABLE["a"] = LIMIT
            for i in range(3):
                TABLE[i] = i
            def g():
                return TABLE
        "#]],
    );
}

#[test]
fn a_method_brings_its_class() {
    check(
        r#"
import abc, functools
class Base: pass
class Stack(Base):
    size = 0
    def __init__(self): self.items = []
    @property
    def top(self): return self.items[-1]
    @top.setter
    def top(self, x): self.items[-1] = x
    @classmethod
    def of(cls, *xs): return cls()
    @staticmethod
    @functools.cache
    def twice(x): return x * 2
    def __len__(self):
        return len(self.items)
class Other: pass
"#,
        expect![[r#"
            == constructor Stack.__init__ (6, 5)
            import abc, functools
            class Base: pass
            class Stack(Base):
                size = 0
                def __init__(self): self.items = []
                @property
                def top(self): return self.items[-1]
                @top.setter
                def top(self, x): self.items[-1] = x
                @classmethod
                def of(cls, *xs): return cls()
                @staticmethod
                @functools.cache
                def twice(x): return x * 2
                def __len__(self):
                    return len(self.items)
            == property Stack.top (8, 7)
            import abc, functools
            class Base: pass
            class Stack(Base):
                size = 0
                def __init__(self): self.items = []
                @property
                def top(self): return self.items[-1]
                @top.setter
                def top(self, x): self.items[-1] = x
                @classmethod
                def of(cls, *xs): return cls()
                @staticmethod
                @functools.cache
                def twice(x): return x * 2
                def __len__(self):
                    return len(self.items)
            == classmethod Stack.of (12, 11)
            import abc, functools
            class Base: pass
            class Stack(Base):
                size = 0
                def __init__(self): self.items = []
                @property
                def top(self): return self.items[-1]
                @top.setter
                def top(self, x): self.items[-1] = x
                @classmethod
                def of(cls, *xs): return cls()
                @staticmethod
                @functools.cache
                def twice(x): return x * 2
                def __len__(self):
                    return len(self.items)
            == staticmethod Stack.twice (15, 14)
            import abc, functools
            class Base: pass
            class Stack(Base):
                size = 0
                def __init__(self): self.items = []
                @property
                def top(self): return self.items[-1]
                @top.setter
                def top(self, x): self.items[-1] = x
                @classmethod
                def of(cls, *xs): return cls()
                @staticmethod
                @functools.cache
                def twice(x): return x * 2
                def __len__(self):
                    return len(self.items)
            == method Stack.__len__ (16, 15)
            import abc, functools
            class Base: pass
            class Stack(Base):
                size = 0
                def __init__(self): self.items = []
                @property
                def top(self): return self.items[-1]
                @top.setter
                def top(self, x): self.items[-1] = x
                @classmethod
                def of(cls, *xs): return cls()
                @staticmethod
                @functools.cache
                def twice(x): return x * 2
                def __len__(self):
                    return len(self.items)
        "#]],
    );
}

#[test]
fn definitions_inside_conditions_come_as_a_whole() {
    check(
        "import sys\ntry:\n    from fast import f\nexcept ImportError:\n    def f(x):\n        return x\nif sys.platform:\n    def g(): return f(1)\nelse:\n    g = None\n",
        expect![[r#"
            == function f (5, 4)
            try:
                from fast import f
            except ImportError:
                def f(x):
                    return x
            == function g (8, 8)
            import sys
            try:
                from fast import f
            except ImportError:
                def f(x):
                    return x
            if sys.platform:
                def g(): return f(1)
            else:
                g = None
        "#]],
    );
}

#[test]
fn what_would_replace_a_definition_stays_away() {
    check(
        "import functools\ndef f(n): return n and f(n - 1)\nf = functools.cache(f)\ntry:\n    from _fast import f\nexcept ImportError:\n    pass\ndef h(): return 1\ndef h(): return 2\n",
        expect![[r#"
            == function f (2, 2)
            import functools
            def f(n): return n and f(n - 1)
            f = functools.cache(f)
            == function h (8, 1)
            def h(): return 1
            == function h (9, 1)
            def h(): return 2
        "#]],
    );
}

#[test]
fn star_imports_come_where_a_name_is_unknown() {
    check(
        "from math import *\ndef f(x): return sqrt(x)\ndef g(x): return len(x)\n",
        expect![[r#"
        == function f (2, 2)
        from math import *
        def f(x): return sqrt(x)
        == function g (3, 1)
        def g(x): return len(x)
    "#]],
    );
}

#[test]
fn programs_read_standard_input() {
    check(
        "import sys\ndef main():\n    for line in sys.stdin: print(line)\nif __name__ == '__main__':\n    main()\n",
        expect![[r#"
        == function main (2, 2)
        import sys
        def main():
            for line in sys.stdin: print(line)
        == program file (1, 1)
        import sys
        def main():
            for line in sys.stdin: print(line)
        if __name__ == '__main__':
            main()

    "#]],
    );
    check(
        "n = int(input())\nprint(n)\n",
        expect![[r#"
        == program file (1, 1)
        n = int(input())
        print(n)

    "#]],
    );
    // Nobody calls it, or `input` is something else.
    assert_eq!(extracted("def f(): return input()\n", None).functions.len(), 1);
    assert_eq!(extracted("def input(): return 1\nx = input()\n", None).functions.len(), 1);
}

#[test]
fn features_are_counted() {
    check_rest(
        r#"
def f(a, /, b: "int" = 1, *c, d, e=[1,
  2], **g) -> dict[str, int]:
    """Doc."""
    for x in a:
        while x and b or c:
            y = [i for j in x for i in j if i]
    if a: pass
    elif b: pass
    else: pass
    with d as z: return f(z) if z else None

async def agen(x):
    import os.path
    from .. import q
    from .r.s import t
    yield x

def outer():
    def inner():
        yield 1
    return inner

class C:
    """
    >>> C().m()
    """
    @staticmethod
    def s(a): return 1
    def m(self, k):
        "No examples."
        match k:
            case 1: return self.m(2)
            case _: raise E
"#,
        expect![[r#"
            f lines=10 loops=4/4 branches=5 recursive exceptions | positional_only a: ? = - | positional_or_keyword b: "int" = 1 | var_positional c: ? = - | keyword_only d: ? = - | keyword_only e: ? = [1,
              2] | var_keyword g: ? = - | returns "dict[str, int]" | docstring "Doc."
            agen lines=5 loops=0/0 branches=0 generator async | positional_or_keyword x: ? = - | imports ["..", ".r", "os"]
            outer lines=4 loops=0/0 branches=0 closures
            C.s lines=1 loops=0/0 branches=0 | positional_or_keyword a: ? = - | decorators ["staticmethod"] | docstring "\n    >>> C().m()\n    "
            C.m lines=5 loops=0/0 branches=2 recursive exceptions | positional_or_keyword k: ? = - | docstring "\n    >>> C().m()\n    "
        "#]],
    );
}

#[test]
fn usages_stand_alone() {
    check_rest(
        r#"
import math
BASE = 2
def f(x): return x
def test_f():
    data = [1]
    data.append(2)
    unrelated = 3
    assert f(data) == [1, 2], "message"
    assert f(fixture) == 1
class Box:
    def __init__(self): self.x = 0
    def put(self, x): self.x = x
    def get(self): return self.x
box = Box()
box.put(3)
assert box.get() == 3
print(f(math.pi))
if __name__ == "__main__":
    y = f(BASE)
    print(y)
"#,
        expect![[r#"
            f lines=1 loops=0/0 branches=0 | positional_or_keyword x: ? = - | usages ["data = [1]\ndata.append(2)\nassert f(data) == [1, 2], \"message\"", "import math\nprint(f(math.pi))", "BASE = 2\ny = f(BASE)", "BASE = 2\ny = f(BASE)\nprint(y)"]
            test_f lines=6 loops=0/0 branches=0
            Box.__init__ lines=1 loops=0/0 branches=0 | usages ["box = Box()", "box = Box()\nbox.put(3)", "box = Box()\nbox.put(3)\nassert box.get() == 3"]
            Box.put lines=1 loops=0/0 branches=0 | positional_or_keyword x: ? = - | usages ["box = Box()\nbox.put(3)", "box = Box()\nbox.put(3)\nassert box.get() == 3"]
            Box.get lines=1 loops=0/0 branches=0 | usages ["box = Box()\nbox.put(3)\nassert box.get() == 3"]
        "#]],
    );
}

#[test]
fn benchmarks_keep_the_entry_point_and_what_its_tests_name() {
    let source = "import re\ndef helper(x): return x\ndef unused(): pass\ndef f(x):\n    return x\n";
    let row = &extracted(source, Some(("f", "assert f(helper(1)) == 1"))).functions[0];
    assert_eq!(row.source, "def helper(x): return x\ndef f(x):\n    return x");
    assert_eq!(row.tests.as_deref(), Some("assert f(helper(1)) == 1"));
    let none = extracted(source, Some(("g", "")));
    assert_eq!(none.counts[0], ("functions", "entry_point_missing", Severity::Failure));
}

#[test]
fn long_units_are_counted() {
    let source = format!("X = '{}'\ndef f(): return X\ndef g(): return 1\n", "x".repeat(70_000));
    let extracted = extracted(&source, None);
    assert_eq!(extracted.functions.len(), 1);
    assert!(extracted.counts.contains(&("functions", "too_long", Severity::Failure)));
}

/// Writes `corpora` parts of one file each, as the stages before would, and parts of `modules` without any.
fn write_corpora(dataset: &Dataset, files: &[(&str, &str)]) {
    for (number, (path, content)) in files.iter().enumerate() {
        let key = PartKey::numbered(number);
        let mut output = PartOutput::new(dataset.root(), &key, 3);
        let mut writer = output.numbered::<CorporaRow>(0).unwrap();
        let file_id = hash::id(&[path.as_bytes()]);
        let (path, content) = ((*path).to_owned(), Some((*content).to_owned()));
        writer
            .push(&CorporaRow { file_id, path, content, status: "parsed".to_owned(), ..CorporaRow::default() })
            .unwrap();
        output.close(writer).unwrap();
        let files = output.commit().unwrap();
        let part_of_file = files[0].key.clone();
        dataset.commit_entry("corpora", &key, &PartEntry { files, ..PartEntry::default() }).unwrap();
        let mut output = PartOutput::new(dataset.root(), &part_of_file, 3);
        let writer = output.table::<ModulesRow>().unwrap();
        output.close(writer).unwrap();
        let files = output.commit().unwrap();
        dataset.commit_entry("modules", &part_of_file, &PartEntry { files, ..PartEntry::default() }).unwrap();
    }
}

fn run(root: &Path, workers: usize) -> (usize, Vec<String>, Dataset) {
    let dataset = Dataset::new(root);
    let mut config = config();
    config.functions.part_rows = 2;
    let (config, cancel) = (Arc::new(config), Cancel::default());
    let cx = Context::new(config, dataset.clone(), workers, cancel, Progress::Silent);
    let made = drive(&Functions::new(), &cx).unwrap().made;
    let manifest = dataset.manifest("functions").unwrap();
    let all = manifest.parts.values().flat_map(|part| &part.files);
    let hashes = all.map(|file| format!("{} {} {}", file.table, file.key, file.content_hash)).collect();
    (made, hashes, dataset)
}

#[test]
fn copies_fold_over_the_whole_dataset_also_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let f = "def f(): return 1\n";
    let files = [("a.py", "def f(): return 1\ndef g(): return 2\ndef h(): return 3\n"), ("b.py", f), ("c.py", f)];
    write_corpora(&Dataset::new(folder.path()), &files);
    let (made, hashes, dataset) = run(folder.path(), 1);
    assert_eq!(made, 3);
    let keys: Vec<&str> = hashes.iter().map(|line| &line[..line.len() - 65]).collect();
    let expected = [
        "functions 00000-0000-0000",
        "functions 00000-0000-0001",
        "origins 00000-0000",
        "usages 00000-0000",
        "origins 00001-0000",
        "usages 00001-0000",
        "origins 00002-0000",
        "usages 00002-0000",
    ];
    assert_eq!(keys, expected);
    let mut counts = dataset.manifest("functions").unwrap().counts();
    counts.retain(|count| count.unit == "functions");
    let counts: Vec<_> = counts.iter().map(|count| (count.reason.as_str(), count.count)).collect();
    assert_eq!(counts, [("duplicate", 2), ("kept", 3)]);

    // A part that is gone is made again; the ids of the parts before it come from the disk.
    fs::remove_file(dataset.part("origins", "00002-0000")).unwrap();
    let (made, again, _) = run(folder.path(), 3);
    assert_eq!((made, &again), (1, &hashes));
}

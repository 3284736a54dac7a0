//! Units that need names of other modules of their corpus.

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::{Expect, expect};
use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::functions::FunctionsRow;

use super::module_code::ModuleCode;
use super::project::{FoundModule, Project};
use crate::config::{Overrides, load};
use crate::functions::blocks::Blocks;
use crate::functions::extract::extract;

/// Modules by their full names, each with its path and text.
struct Files(BTreeMap<String, (String, String)>);

impl Files {
    /// The files at these paths; the top of the corpus is their root.
    fn new(files: &[(&str, &str)]) -> Self {
        let named = |(path, text): &(&str, &str)| {
            let name = path.trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
            (name, ((*path).to_owned(), (*text).to_owned()))
        };
        Files(files.iter().map(named).collect())
    }
}

impl Project for Files {
    fn named(&self, path: &str) -> Option<(&str, bool)> {
        let (name, _) = self.0.iter().find(|(_, (of_module, _))| of_module == path)?;
        Some((name, path.ends_with("__init__.py")))
    }

    fn find(&self, _: &str, name: &str) -> Option<FoundModule> {
        let (path, _) = self.0.get(name)?;
        let is_package = path.ends_with("__init__.py");
        Some(FoundModule { name: name.to_owned(), path: Some(path.clone()), is_package })
    }

    fn below(&self, module: &FoundModule, name: &str) -> Option<FoundModule> {
        self.find("", &format!("{}.{name}", module.name))
    }

    fn code(&self, module: &FoundModule) -> Option<Arc<ModuleCode>> {
        let (path, text) = self.0.get(&module.name)?;
        let parsed = crate::python::parse(text)?;
        Some(Arc::new(ModuleCode::read(path, &module.name, module.is_package, text, &Blocks::read(parsed.suite()))))
    }
}

/// The unit of that name in the last file, and what was counted, where a source may have that many bytes.
fn unit_within(files: &[(&str, &str)], name: &str, bytes_max: usize) -> (FunctionsRow, String) {
    let (path, text) = files.last().unwrap();
    let file = CorporaRow { path: (*path).to_owned(), content: Some((*text).to_owned()), ..CorporaRow::default() };
    let mut config = load(None, &Overrides::default()).unwrap();
    config.functions.source_bytes_max = bytes_max;
    let extracted = extract(file, &config.functions, Some(&Files::new(files)));
    let counts: Vec<&str> =
        extracted.counts.iter().filter(|(unit, ..)| *unit == "functions").map(|(_, reason, _)| *reason).collect();
    let row = extracted.functions.into_iter().find(|row| row.qualified_name == name).unwrap();
    (row, counts.join(" "))
}

/// The source of the unit of that name in the last file, with its slices and the line of its `def`.
fn check(files: &[(&str, &str)], name: &str, expected: Expect) {
    check_within(files, name, 20_000, expected);
}

/// The same where a source may have that many bytes.
fn check_within(files: &[(&str, &str)], name: &str, bytes_max: usize, expected: Expect) {
    let (row, counts) = unit_within(files, name, bytes_max);
    let slice = |slice: &tracemill_schemas::UnitSlice| {
        let (first, last) = (slice.first_line, slice.first_line + slice.line_count - 1);
        let lines = if slice.line_count == 0 { "-".to_owned() } else { format!("{first}-{last}") };
        format!("{}{} {lines}", slice.module, if slice.is_package { "/" } else { "" })
    };
    let slices: Vec<String> = row.slices.iter().map(slice).collect();
    let def = row.source.lines().nth(row.unit_line_number as usize - 1).unwrap_or("no such line");
    let imports = row.imports.join(" ");
    expected.assert_eq(&format!(
        "{}\n---\n{}: {}\ndef: {def}\nimports: {imports}\n{counts}\n",
        row.source,
        row.linkage,
        slices.join(", ")
    ));
}

#[test]
fn a_unit_carries_what_it_needs_of_other_modules() {
    check(
        &[
            ("acme/__init__.py", "from .text.count import count_words\nVERSION = '1'\n"),
            ("acme/text/__init__.py", ""),
            (
                "acme/text/utils.py",
                "import re\nimport os\nSPACE = re.compile(' ')\n\n\ndef normalise(word):\n    return SPACE.sub('', word)\n\n\
                 def other():\n    return os\n",
            ),
            (
                "acme/text/count.py",
                "\"\"\"Counts.\"\"\"\nimport json\nfrom .utils import normalise, other\n\n\ndef count_words(text):\n    \
                 return len({normalise(word) for word in text.split(',')})\n\ndef use():\n    return other\n",
            ),
        ],
        "count_words",
        expect![[r#"
            # acme/text/utils.py
            import re
            SPACE = re.compile(' ')
            def normalise(word):
                return SPACE.sub('', word)
            # acme/text/count.py
            from .utils import normalise
            def count_words(text):
                return len({normalise(word) for word in text.split(',')})
            ---
            files: acme/ -, acme.text/ -, acme.text.utils 1-5, acme.text.count 6-9
            def: def count_words(text):
            imports: re

        "#]],
    );
}

#[test]
fn a_unit_that_needs_its_own_file_alone_stays_as_it_was() {
    check(
        &[("acme/__init__.py", "x = 1"), ("acme/a.py", "from . import x\nimport re\ndef f():\n    return re.I\n")],
        "f",
        expect![[r#"
            import re
            def f():
                return re.I
            ---
            file: 
            def: def f():
            imports: re

        "#]],
    );
}

#[test]
fn names_are_followed_through_packages_and_star_imports() {
    check(
        &[
            ("nx/__init__.py", "from nx.classes import *\nfrom nx import algorithms\nfrom nx.algorithms import *\n"),
            ("nx/classes/__init__.py", "from .graph import Graph\nfrom .digraph import DiGraph\n"),
            (
                "nx/classes/graph.py",
                "import nx\n__all__ = ['Graph']\nclass Graph:\n    def size(self):\n        return nx.one()\n",
            ),
            ("nx/classes/digraph.py", "from nx.classes.graph import Graph\nclass DiGraph(Graph):\n    pass\n"),
            ("nx/algorithms/__init__.py", "from .paths import one\nfrom .far import two\n"),
            ("nx/algorithms/far.py", "def two():\n    return 2\n"),
            (
                "nx/algorithms/paths.py",
                "import nx as n\ndef one():\n    return 1\ndef path():\n    return n.Graph().size()\n",
            ),
        ],
        "path",
        expect![[r#"
            # nx/classes/graph.py
            import nx
            class Graph:
                def size(self):
                    return nx.one()
            # nx/classes/__init__.py
            from .graph import Graph
            # nx/algorithms/__init__.py
            from .paths import one
            # nx/__init__.py
            from nx.classes import *
            from nx.algorithms import *
            # nx/algorithms/paths.py
            import nx as n
            def one():
                return 1
            def path():
                return n.Graph().size()
            ---
            files: nx.classes.graph 1-5, nx.classes/ 6-7, nx.algorithms/ 8-9, nx/ 10-12, nx.algorithms.paths 13-18
            def: def path():
            imports: 

        "#]],
    );
}

#[test]
fn imports_of_modules_and_lazy_imports_are_followed() {
    check(
        &[
            ("acme/__init__.py", ""),
            ("acme/a.py", "def one():\n    return 1\ndef two():\n    return 2\n"),
            ("acme/b.py", "def three():\n    return 3\ndef four():\n    return 4\n"),
            ("acme/c.py", "X = 5\nY = []\nY.append(X)\nZ = 6\n"),
            (
                "acme/own.py",
                "from . import a\nimport acme.b\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .d import D\n\
                 def f(d: 'D'):\n    import acme.c as later\n    return a.one() + acme.b.three() + later.Y[0]\n",
            ),
        ],
        "f",
        expect![[r#"
            # acme/a.py
            def one():
                return 1
            # acme/b.py
            def three():
                return 3
            # acme/c.py
            X = 5
            Y = []
            Y.append(X)
            # acme/own.py
            from . import a
            import acme.b
            def f(d: 'D'):
                import acme.c as later
                return a.one() + acme.b.three() + later.Y[0]
            ---
            files: acme/ -, acme.a 1-3, acme.b 4-6, acme.c 7-10, acme.own 11-16
            def: def f(d: 'D'):
            imports: 

        "#]],
    );
}

#[test]
fn a_module_of_which_any_name_may_be_used_comes_whole() {
    let module = ("acme/a.py", "def one():\n    return 1\n");
    check(
        &[
            ("acme/__init__.py", ""),
            module,
            ("acme/own.py", "from . import a\ndef f():\n    return getattr(a, 'one')()\n"),
        ],
        "f",
        expect![[r#"
            # acme/a.py
            def one():
                return 1
            # acme/own.py
            from . import a
            def f():
                return getattr(a, 'one')()
            ---
            files: acme/ -, acme.a 1-3, acme.own 4-7
            def: def f():
            imports: 

        "#]],
    );
    let lazy = ("acme/__init__.py", "def __getattr__(name):\n    return name\n");
    check(
        &[lazy, ("acme/own.py", "import acme\ndef f():\n    return acme.x\n")],
        "f",
        expect![[r#"
        # acme/__init__.py
        def __getattr__(name):
            return name
        # acme/own.py
        import acme
        def f():
            return acme.x
        ---
        files: acme/ 1-3, acme.own 4-7
        def: def f():
        imports: 

    "#]],
    );
}

#[test]
fn cycles_and_fallbacks_are_kept() {
    check(
        &[
            ("acme/__init__.py", ""),
            ("acme/a.py", "from . import own\ndef one():\n    return own.ONE\n"),
            ("acme/slow.py", "def quick():\n    return 2\n"),
            (
                "acme/own.py",
                "from __future__ import annotations\ntry:\n    from ._fast import quick\nexcept ImportError:\n    from .slow \
                 import quick\nfrom .a import one\nONE = 1\ndef f():\n    return one() + quick()\n",
            ),
        ],
        "f",
        expect![[r#"
            # acme/slow.py
            def quick():
                return 2
            # acme/a.py
            from . import own
            def one():
                return own.ONE
            # acme/own.py
            from __future__ import annotations
            try:
                from ._fast import quick
            except ImportError:
                from .slow import quick
            from .a import one
            ONE = 1
            def f():
                return one() + quick()
            ---
            files: acme/ -, acme.slow 1-3, acme.a 4-7, acme.own 8-17
            def: def f():
            imports: __future__

        "#]],
    );
}

#[test]
fn modules_below_a_package_are_found_by_its_own_imports() {
    let fast = ("acme/fast.py", "x = 1\n");
    let fallback = "try:\n    from . import fast\n    NAME = 'fast'\nexcept ImportError:\n    NAME = 'slow'\n";
    check(
        &[("acme/__init__.py", fallback), fast, ("acme/own.py", "from acme import NAME\ndef f():\n    return NAME\n")],
        "f",
        expect![[r#"
            # acme/__init__.py
            try:
                from . import fast
                NAME = 'fast'
            except ImportError:
                NAME = 'slow'
            # acme/own.py
            from acme import NAME
            def f():
                return NAME
            ---
            files: acme.fast -, acme/ 1-6, acme.own 7-10
            def: def f():
            imports: 

        "#]],
    );
    let star = ("acme/__init__.py", "from .fast import *\nother = 1\n");
    check(
        &[star, fast, ("acme/own.py", "import acme\ndef f():\n    return acme.fast.x\n")],
        "f",
        expect![[r#"
        # acme/fast.py
        x = 1
        # acme/__init__.py
        from .fast import *
        # acme/own.py
        import acme
        def f():
            return acme.fast.x
        ---
        files: acme.fast 1-2, acme/ 3-4, acme.own 5-8
        def: def f():
        imports: 

    "#]],
    );
}

#[test]
fn a_module_below_a_package_is_a_name_of_the_package() {
    let package = ("acme/__init__.py", "from .a import *\nx = a.b.g()\n");
    let (a, b) = (("acme/a.py", "from . import b\ny = 1\n"), ("acme/b.py", "def g():\n    return 1\n"));
    check(
        &[package, a, b, ("acme/own.py", "from acme import x\ndef f():\n    return x\n")],
        "f",
        expect![[r#"
        # acme/b.py
        def g():
            return 1
        # acme/a.py
        from . import b
        # acme/__init__.py
        from .a import *
        x = a.b.g()
        # acme/own.py
        from acme import x
        def f():
            return x
        ---
        files: acme.b 1-3, acme.a 4-5, acme/ 6-8, acme.own 9-12
        def: def f():
        imports: 

    "#]],
    );
}

#[test]
fn a_module_that_reads_its_globals_comes_whole() {
    let module = ("acme/a.py", "_x = 1\ndef find(name):\n    return globals()[name]\n");
    check(
        &[module, ("acme/own.py", "from .a import find\ndef f():\n    return find('_x')\n")],
        "f",
        expect![[r#"
        # acme/a.py
        _x = 1
        def find(name):
            return globals()[name]
        # acme/own.py
        from .a import find
        def f():
            return find('_x')
        ---
        files: acme/ -, acme.a 1-4, acme.own 5-8
        def: def f():
        imports: 

    "#]],
    );
}

const LARGE: &[(&str, &str)] = &[
    ("acme/__init__.py", ""),
    (
        "acme/base.py",
        "import json\nfrom abc import ABC, abstractmethod\nclass Base(ABC):\n    \"\"\"The base.\"\"\"\n\n    def __init__(self, x):\n        \
         self.x = x\n\n    @abstractmethod\n    def used(self):  # by the other\n        ...\n\n    def dropped(self):\n        return \
         json.dumps(self.x)\n\n    def also(self):\n        return self.used()\n\n    alias = also\n",
    ),
    (
        "acme/own.py",
        "import re\nfrom .base import Base\nclass Own(Base):\n    def used(self):\n        return self.x\n\n    @property\n    def \
         size(self):\n        return re.I\n\n    def first(self):\n        return self.used() + len(self)\n\n    def __len__(self):\n        \
         return 1\n\n    def last(self):\n        return getattr(self, 'size')\n",
    ),
];

#[test]
fn methods_that_nothing_reaches_are_dropped_from_a_unit_that_would_be_too_long() {
    check_within(
        LARGE,
        "Own.first",
        600,
        expect![[r##"
        # acme/base.py
        from abc import ABC, abstractmethod
        class Base(ABC):
            """The base."""

            def __init__(self, x):
                self.x = x

            @abstractmethod
            def used(self):  # by the other
                ...

            def also(self):
                return self.used()

            alias = also
        # acme/own.py
        from .base import Base
        class Own(Base):
            def used(self):
                return self.x

            def first(self):
                return self.used() + len(self)

            def __len__(self):
                return 1
        ---
        files: acme/ -, acme.base 1-16, acme.own 17-27
        def:     def first(self):
        imports: abc

    "##]],
    );
    check_within(
        LARGE,
        "Own.last",
        600,
        expect![[r##"
        # acme/base.py
        from abc import ABC, abstractmethod
        class Base(ABC):
            """The base."""

            def __init__(self, x):
                self.x = x

            @abstractmethod
            def used(self):  # by the other
                ...

            def also(self):
                return self.used()

            alias = also
        # acme/own.py
        import re
        from .base import Base
        class Own(Base):
            def used(self):
                return self.x

            @property
            def size(self):
                return re.I

            def __len__(self):
                return 1

            def last(self):
                return getattr(self, 'size')
        ---
        files: acme/ -, acme.base 1-16, acme.own 17-32
        def:     def last(self):
        imports: abc re

    "##]],
    );
}

#[test]
fn a_long_unit_of_one_file_loses_methods_too() {
    let own = (
        "own.py",
        "class A(dict):\n    def f(self):\n        return 1\n\n    def g(self):\n        return self.f()\n\n    def h(self):\n        return 3\n",
    );
    check_within(
        &[own],
        "A.g",
        100,
        expect![[r#"
        class A(dict):
            def f(self):
                return 1

            def g(self):
                return self.f()
        ---
        file: 
        def:     def g(self):
        imports: 

    "#]],
    );
    check_within(
        &[own],
        "A.h",
        100,
        expect![[r#"
        class A(dict):
            def f(self):
                return 1

            def h(self):
                return 3
        ---
        file: 
        def:     def h(self):
        imports: 

    "#]],
    );
}

#[test]
fn a_class_whose_methods_may_be_looked_at_comes_whole() {
    for head in ["@register\nclass A:", "class A(unknown.Base):", "class A(metaclass=Meta):"] {
        let text = format!(
            "import unknown\n{head}\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
        );
        let file = CorporaRow { path: "own.py".to_owned(), content: Some(text.clone()), ..CorporaRow::default() };
        let mut config = load(None, &Overrides::default()).unwrap();
        config.functions.source_bytes_max = text.len() - 30;
        let extracted = extract(file, &config.functions, Some(&Files::new(&[("own.py", &text)])));
        assert!(extracted.functions.is_empty(), "{head}");
    }
}

#[test]
fn cuts_are_counted_beside_the_functions() {
    let long = format!("def g():\n    return {:?}\n", "x".repeat(500));
    let files = [("acme/a.py", long.as_str()), ("acme/own.py", "from .a import g\ndef f():\n    return g()\n")];
    for (bytes_max, linkage, reason) in [(10_000, "files", "cut"), (300, "file", "slices_too_long")] {
        let file = CorporaRow { path: files[1].0.into(), content: Some(files[1].1.into()), ..CorporaRow::default() };
        let mut config = load(None, &Overrides::default()).unwrap();
        config.functions.source_bytes_max = bytes_max;
        let extracted = extract(file, &config.functions, Some(&Files::new(&files)));
        assert_eq!(extracted.functions[0].linkage, linkage);
        let units: Vec<_> = extracted.counts.iter().map(|(unit, reason, _)| (*unit, *reason)).collect();
        assert_eq!(units, [("cuts", reason), ("files", "with_functions")]);
    }
}

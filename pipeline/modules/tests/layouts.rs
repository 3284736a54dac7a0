//! Roots: wheels, source distributions, `src` layouts, folders of scripts, namespace folders.

use expect_test::expect;

use super::{check, check_wheel};

#[test]
fn tests_beside_a_src_layout_import_what_is_below_src() {
    let files = [
        ("acme-1.0/docs/conf.py", "import acme, sphinx"),
        ("acme-1.0/setup.py", "from setuptools import setup"),
        ("acme-1.0/src/acme/__init__.py", "from .text import count"),
        ("acme-1.0/src/acme/text.py", "import re\ndef count(): pass"),
        ("acme-1.0/tests/helpers.py", ""),
        ("acme-1.0/tests/test_text.py", "import acme.text\nimport helpers\nfrom tests import helpers"),
    ];
    check(
        &files,
        expect![[r#"
        acme-1.0/docs/conf.py: conf in 'acme-1.0/docs' by script
          acme corpus acme-1.0/src/acme/__init__.py
          sphinx missing -
        acme-1.0/setup.py: setup in 'acme-1.0' by script
          setuptools missing -
        acme-1.0/src/acme/__init__.py: acme package in 'acme-1.0/src' by package
          acme.text corpus acme-1.0/src/acme/text.py
        acme-1.0/src/acme/text.py: acme.text in 'acme-1.0/src' by package
          re standard -
        acme-1.0/tests/helpers.py: helpers in 'acme-1.0/tests' by script
        acme-1.0/tests/test_text.py: test_text in 'acme-1.0/tests' by script
          acme corpus acme-1.0/src/acme/__init__.py
          acme.text corpus acme-1.0/src/acme/text.py
          helpers corpus acme-1.0/tests/helpers.py
          tests corpus -
          tests.helpers corpus acme-1.0/tests/helpers.py
    "#]],
    );
}

#[test]
fn the_top_of_a_wheel_is_the_root_of_all() {
    let files = [
        ("acme/__init__.py", "from acme.plugins import one\nimport single"),
        ("acme/plugins/one.py", "from .two import x\nfrom ..plugins import two\nfrom ...x import y"),
        ("acme/plugins/two.py", ""),
        ("acme-1.0.data/purelib/extra.py", "import acme"),
        ("acme-1.0.data/scripts/tool.py", "import extra"),
        ("single.py", "import acme.plugins"),
    ];
    check_wheel(
        &files,
        expect![[r#"
        acme/__init__.py: acme package in '' by wheel
          acme.plugins corpus -
          acme.plugins.one corpus acme/plugins/one.py
          single corpus single.py
        acme/plugins/one.py: acme.plugins.one in '' by wheel
          ...x missing -
          acme.plugins corpus -
          acme.plugins.two corpus acme/plugins/two.py
        acme/plugins/two.py: acme.plugins.two in '' by wheel
        acme-1.0.data/purelib/extra.py: extra in 'acme-1.0.data/purelib' by wheel
          acme corpus acme/__init__.py
        acme-1.0.data/scripts/tool.py: - in '' by wheel
          extra corpus acme-1.0.data/purelib/extra.py
        single.py: single in '' by wheel
          acme corpus acme/__init__.py
          acme.plugins corpus -
    "#]],
    );
}

#[test]
fn archives_of_one_corpus_do_not_see_each_other() {
    let files = [
        ("a/one-1.0.whl/one/__init__.py", "import two, one.text"),
        ("a/one-1.0.whl/one/text.py", "from . import text"),
        ("two-1.0.tar.gz/two-1.0/src/two.py", "import one\nimport two"),
    ];
    check(
        &files,
        expect![[r#"
        a/one-1.0.whl/one/__init__.py: one package in 'a/one-1.0.whl' by wheel
          one corpus a/one-1.0.whl/one/__init__.py
          one.text corpus a/one-1.0.whl/one/text.py
          two missing -
        a/one-1.0.whl/one/text.py: one.text in 'a/one-1.0.whl' by wheel
          one corpus a/one-1.0.whl/one/__init__.py
          one.text corpus a/one-1.0.whl/one/text.py
        two-1.0.tar.gz/two-1.0/src/two.py: two in 'two-1.0.tar.gz/two-1.0/src' by script
          one missing -
          two corpus two-1.0.tar.gz/two-1.0/src/two.py
    "#]],
    );
}

#[test]
fn the_root_of_a_package_is_above_its_topmost_init() {
    let files = [
        ("lib/a/__init__.py", ""),
        ("lib/a/b/__init__.py", ""),
        ("lib/a/b/c.py", "import a.b.c"),
        ("lib/a/gap/d/__init__.py", "import d, a"),
        ("lib/a/gap/e.py", "from . import d\nimport d"),
    ];
    check(
        &files,
        expect![[r#"
        lib/a/__init__.py: a package in 'lib' by package
        lib/a/b/__init__.py: a.b package in 'lib' by package
        lib/a/b/c.py: a.b.c in 'lib' by package
          a corpus lib/a/__init__.py
          a.b corpus lib/a/b/__init__.py
          a.b.c corpus lib/a/b/c.py
        lib/a/gap/d/__init__.py: d package in 'lib/a/gap' by package
          a corpus lib/a/__init__.py
          d corpus lib/a/gap/d/__init__.py
        lib/a/gap/e.py: e in 'lib/a/gap' by script
          . missing -
          d corpus lib/a/gap/d/__init__.py
    "#]],
    );
}

#[test]
fn a_corpus_that_begins_inside_a_package_has_relative_imports() {
    let files = [
        ("__init__.py", "from .count import words\nfrom . import text"),
        ("count.py", "from . import text\nfrom .. import other\nimport acme.text"),
        ("text/__init__.py", "from ..count import words\nfrom ... import x"),
    ];
    check(
        &files,
        expect![[r#"
        __init__.py: - package in '' by package
          . corpus __init__.py
          count corpus count.py
          text corpus text/__init__.py
        count.py: count in '' by package
          . corpus __init__.py
          .. missing -
          acme missing -
          acme.text missing -
          text corpus text/__init__.py
        text/__init__.py: text package in '' by package
          ... missing -
          count corpus count.py
    "#]],
    );
}

#[test]
fn a_folder_of_scripts_is_its_own_root_and_looks_upwards() {
    let files = [
        ("shared.py", ""),
        ("tools/build.py", "import check, shared, tools, tools.check, elsewhere\nfrom .check import x"),
        ("tools/check.py", "import tools.build"),
        ("other/elsewhere.py", "import build"),
    ];
    check(
        &files,
        expect![[r#"
        shared.py: shared in '' by script
        tools/build.py: build in 'tools' by script
          .check missing -
          check corpus tools/check.py
          elsewhere corpus other/elsewhere.py
          shared corpus shared.py
          tools corpus -
          tools.check corpus tools/check.py
        tools/check.py: check in 'tools' by script
          tools corpus -
          tools.build corpus tools/build.py
        other/elsewhere.py: elsewhere in 'other' by script
          build corpus tools/build.py
    "#]],
    );
}

#[test]
fn a_folder_without_init_is_a_namespace_package_unless_a_file_has_the_name() {
    let files = [
        ("main.py", "import space, space.one, both.x, empty\nfrom space import one, two, sub\nimport space.sub"),
        ("space/one.py", ""),
        ("space/sub/deep.py", ""),
        ("both/x.py", ""),
        ("z/both/__init__.py", ""),
        ("z/w.py", "import both, both.x"),
        ("empty/data.txt", ""),
    ];
    check(
        &files,
        expect![[r#"
        main.py: main in '' by script
          both corpus z/both/__init__.py
          both.x corpus both/x.py
          empty missing -
          space corpus -
          space.one corpus space/one.py
          space.sub corpus -
        space/one.py: one in 'space' by script
        space/sub/deep.py: deep in 'space/sub' by script
        both/x.py: x in 'both' by script
        z/both/__init__.py: both package in 'z' by package
        z/w.py: w in 'z' by script
          both corpus z/both/__init__.py
          both.x missing -
        empty/data.txt: - in 'empty' by script
    "#]],
    );
}

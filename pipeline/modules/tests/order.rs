//! Where an absolute import looks first: the standard library, the own root, the others.

use expect_test::expect;

use super::check;

#[test]
fn a_standard_name_leads_to_the_standard_library_except_from_a_script_beside_such_a_file() {
    let files = [
        ("p/__init__.py", "import json, os.path\nfrom . import json\nfrom importlib import metadata"),
        ("p/json.py", "import json\nfrom json import decoder"),
        ("s/random.py", "import random, json"),
        ("s/use.py", "import random, json.tool, email.none"),
        ("s/email/x.py", "import email.x, email.message"),
    ];
    check(
        &files,
        expect![[r#"
        p/__init__.py: p package in '' by package
          importlib standard -
          json standard -
          os standard -
          os.path standard -
          p corpus p/__init__.py
          p.json corpus p/json.py
        p/json.py: p.json in '' by package
          json standard -
        s/random.py: random in 's' by script
          json standard -
          random corpus s/random.py
        s/use.py: use in 's' by script
          email standard -
          email.none standard -
          json standard -
          json.tool standard -
          random corpus s/random.py
        s/email/x.py: x in 's/email' by script
          email standard -
          email.message standard -
          email.x standard -
    "#]],
    );
}

#[test]
fn the_own_root_comes_first_then_those_above_then_the_others_in_order() {
    let files = [
        ("a/m.py", ""),
        ("b/c/use.py", "import m, n, k.x, k"),
        ("b/c/n.py", ""),
        ("b/m.py", ""),
        ("n.py", ""),
        ("y/k.py", ""),
        ("x/k/__init__.py", ""),
        ("x/k/x.py", ""),
        ("x/top.py", "import k.none"),
        ("x-y/k.py", ""),
    ];
    check(
        &files,
        expect![[r#"
        a/m.py: m in 'a' by script
        b/c/use.py: use in 'b/c' by script
          k corpus x/k/__init__.py
          k.x corpus x/k/x.py
          m corpus b/m.py
          n corpus b/c/n.py
        b/c/n.py: n in 'b/c' by script
        b/m.py: m in 'b' by script
        n.py: n in '' by script
        y/k.py: k in 'y' by script
        x/k/__init__.py: k package in 'x' by package
        x/k/x.py: k.x in 'x' by package
        x/top.py: top in 'x' by script
          k corpus x/k/__init__.py
          k.none missing -
        x-y/k.py: k in 'x-y' by script
    "#]],
    );
}

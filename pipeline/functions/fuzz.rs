//! Fuzzing of the extractor: mutated Python, from text to units.

use super::*;
use crate::config::{Overrides, load};
use crate::fuzz::{Target, fuzz, outcome};
use crate::python;

fn sources(folder: &str) -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < 8_000).collect()
}

#[test]
fn no_source_breaks_the_extractor() {
    let seeds = [sources("pipeline/demo/corpus"), sources("tests/data/hostile")].concat();
    let tokens: &[&[u8]] = &[
        b"def ",
        b"class ",
        b"async def f(): await x\n",
        b"lambda: ",
        b"global x\n",
        b"nonlocal x\n",
        b"import a.b as c\n",
        b"from . import *\n",
        b"@property\n",
        b"*args, **kw",
        b"/, *, ",
        b"if __name__ == '__main__':\n",
        b"assert f(1) == 2\n",
        b"    \"\"\"\n    >>> f(1)\n    2\n    \"\"\"\n",
        b"match x:\n    case [a, *b]:\n        pass\n",
        b"try:\n    pass\nexcept* E:\n    pass\n",
        b"type T[X: int] = list[X]\n",
        b"input()",
        b"(yield)",
        b" := ",
        b"f'{x!r:>{w}}'",
        b"\xc3\xa9",
        b"\t",
        b"\\\n",
        b";",
        b"...",
    ];
    let config = load(None, &Overrides::default()).unwrap().functions;
    let target = Target { name: "extractor", seeds, tokens, repair: |_| {}, is_source: true, inputs: 4_000 };
    fuzz(&target, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if python::parse(&text).is_none() {
            return 0;
        }
        let mut said = String::new();
        for (entry_point, tests) in [(None, None), (Some("f".to_owned()), Some("assert f(1) == 1\n".to_owned()))] {
            let path = "a.py".to_owned();
            let content = Some(text.clone().into_owned());
            let made = extract::extract(
                CorporaRow { path, content, entry_point, tests, ..CorporaRow::default() },
                &config,
                None,
            );
            for (unit, reason, severity) in made.counts {
                assert!(severity != Severity::DataLoss, "{unit} {reason}");
                said += reason;
                said.push(' ');
            }
            for row in &made.functions {
                assert!(row.source.len() <= config.source_bytes_max as usize, "{} bytes", row.source.len());
                assert!(python::parse(&row.source).is_some(), "{} is no Python:\n{}", row.qualified_name, row.source);
                assert!(row.unit_line_number >= 1 && row.unit_line_number as usize <= row.source.lines().count());
            }
            for row in made.functions.iter().take(12) {
                let flags = [row.is_recursive, row.is_generator, row.is_async, row.has_exceptions, row.has_closures];
                let size = |count: usize| "x".repeat(count.checked_ilog2().map_or(0, |log| log as usize + 1));
                let sizes = [row.line_count, row.branch_count, row.loop_count].map(|count| size(count as usize));
                said += &format!("{} {flags:?} {sizes:?} {};", row.kind, size(row.source.lines().count()));
            }
        }
        outcome(&said)
    });
}

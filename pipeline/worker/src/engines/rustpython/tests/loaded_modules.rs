//! A module that was loaded ahead cannot be told from one that the program imports itself.

use std::cell::RefCell;

use tracemill_trace::Finished;

use super::{super::KIND, *};

/// Imports modules one after the other, and prints after each all that an import leaves behind.
const LOOK: &str = r#"
import sys
def f(names):
    import time, copyreg, warnings
    seen = set(sys.modules)
    for name in names:
        try:
            __import__(name)
        except ImportError as error:
            print(name, 'is missing', error.name)
            continue
        new = [other for other in sys.modules if other not in seen]
        seen.update(new)
        print(name, new)
        for other in new:
            print('   ', other, list(vars(sys.modules[other])))
        print('   ', time.time_ns(), len(warnings.filters), sorted({c.__name__ for c in Exception.__subclasses__()}))
    print(list(sys.modules))
    print({n: list(vars(m)) for n, m in sys.modules.items() if n in ('os', 'io', 'abc', 'codecs', 'sys', 'time')})
    import os, random, logging
    print(os.urandom(4), random.random(), logging.root.handlers, logging._startTime)
"#;

/// Runs a job in an interpreter of its own that has loaded the library ahead, or not.
fn finish(job: Job, preloads: bool) -> Finished {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let thread = std::thread::Builder::new().stack_size(KIND.stack_bytes).spawn(move || {
        let mut engine = RustPython::start(0).unwrap();
        if preloads {
            engine.preload().unwrap();
        }
        let outbox = Outbox::new(Vec::new(), 1, job.limits, Vec::new());
        let execution = run_job(&mut engine as &mut dyn Engine, &job, Rc::new(RefCell::new(outbox)));
        std::mem::forget(engine);
        execution.finished
    });
    let finished = thread.unwrap().join().unwrap();
    drop(guard);
    finished
}

/// What the program prints, in an interpreter that has loaded the library ahead, or not.
fn printed(names: &[&str], preloads: bool) -> String {
    let names = names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let limits = Limits { events_max: 1_000_000, output_bytes: 1 << 22, memory_bytes: 1 << 30, ..Limits::default() };
    let mut job = Job { limits, ..call(LOOK, &format!("f([{names}])")) };
    job.subscription.granularity = tracemill_trace::Granularity::Outcome;
    let finished = finish(job, preloads);
    assert_eq!(finished.outcome, Outcome::Returned, "{finished:?}");
    finished.stdout
}

#[test]
fn a_module_that_is_revealed_is_what_an_import_gives() {
    let forwards = crate::engines::rustpython::isolation::loaded_modules::PRELOADED.to_vec();
    let backwards: Vec<&str> = forwards.iter().rev().copied().collect();
    // What is not loaded ahead imports what is.
    let others =
        vec!["sched", "colorsys", "getopt", "mimetypes", "optparse", "timeit", "json.tool", "logging.handlers"];
    for names in [forwards, backwards, others] {
        let (plain, ahead) = (printed(&names, false), printed(&names, true));
        let differs = plain.lines().zip(ahead.lines()).find(|(plain, ahead)| plain != ahead);
        assert_eq!(differs, None);
        assert_eq!(plain.lines().count(), ahead.lines().count());
        assert!(plain.lines().count() > names.len() * 2, "{plain}");
    }
}

#[test]
fn an_import_that_stands_on_something_changed_runs_as_python_runs_it() {
    let ends = |source: &str| {
        let finished = finish(call(source, "f()"), true);
        finished.result.map_or_else(|| format!("{:?}", finished.exception), |value| value.repr())
    };
    // A finder of the program's own is asked first.
    let finder = "import sys\nclass F:\n    seen = []\n    def find_spec(name, *rest):\n        F.seen.append(name)\nsys.meta_path.insert(0, F)\nimport json\ndef f():\n    return F.seen[:2]\n";
    assert_eq!(ends(finder), "['json', 'json.decoder']");
    // A module that the body would import is another one.
    let stub = "import sys, types\nsys.modules['json.scanner'] = None\ndef f():\n    import json\n";
    assert!(ends(stub).contains("halted"), "{}", ends(stub));
    // A module that was taken out is loaded again.
    let again = "import sys, json\nfirst = json\nfirst.left = 1\ndel sys.modules['json']\nimport json\ndef f():\n    return json is first, hasattr(json, 'left')\n";
    assert_eq!(ends(again), "(False, False)");
    // Classes of modules that were not imported are not shown.
    let classes = "def f():\n    return [c.__name__ for c in Exception.__subclasses__() if c.__module__ in ('json.decoder', 'argparse')]\n";
    assert_eq!(ends(classes), "[]");
}

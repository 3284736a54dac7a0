#![allow(missing_docs, clippy::unwrap_used)]
use std::{cell::RefCell, collections::BTreeMap, ops::ControlFlow, rc::Rc};
use tracemill_trace::*;
use tracemill_worker::{Engine, Sink, engines::rustpython::RustPython, outbox::Outbox, serve};
#[derive(Default)]
struct Show(Vec<Event>);
impl Sink for Show {
    fn event(&mut self, e: Event) -> ControlFlow<Outcome> {
        self.0.push(e);
        ControlFlow::Continue(())
    }
}
#[global_allocator]
static A: tracemill_worker::sandbox::memory::CountingAllocator = tracemill_worker::sandbox::memory::CountingAllocator;
fn main() {
    std::thread::Builder::new().stack_size(serve::STACK_BYTES).spawn(real).unwrap().join().unwrap();
}
fn unhex(s: &str) -> String {
    if s == "-" {
        return String::new();
    }
    String::from_utf8((0..s.len() / 2).map(|i| u8::from_str_radix(&s[2 * i..2 * i + 2], 16).unwrap()).collect())
        .unwrap()
}
fn real() {
    let a: Vec<String> = std::env::args().collect();
    if a[1] == "serve" {
        serve::run().unwrap();
        return;
    }
    let text = std::fs::read_to_string(&a[1]).unwrap();
    let reps: usize = a.get(2).map_or(1, |x| x.parse().unwrap());
    let jobs: Vec<(String, Job)> = text
        .lines()
        .map(|l| {
            let p: Vec<&str> = l.split('\t').collect();
            (
                p[0].to_owned(),
                Job {
                    ticket: 1,
                    kind: JobKind::Call,
                    source: unhex(p[1]),
                    setup: unhex(p[2]),
                    call: unhex(p[3]),
                    check: Some(unhex(p[4])).filter(|c| !c.is_empty()),
                    stdin: String::new(),
                    limits: Limits {
                        steps: std::env::var("STEPS").map_or(100_000, |s| s.parse().unwrap()),
                        ..Limits::default()
                    },
                },
            )
        })
        .collect();
    let t0 = std::time::Instant::now();
    let mut engine = RustPython::start().unwrap();
    println!("start {:?}", t0.elapsed());
    for _ in 0..reps {
        let (mut ok, mut bad, mut retire, mut bytes) = (0, 0, 0, 0);
        let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
        let mut slow = std::time::Duration::ZERO;
        let t = std::time::Instant::now();
        for (id, job) in &jobs {
            let tj = std::time::Instant::now();
            let sent = Rc::new(RefCell::new(Outbox::new(Count(0), 1, job.limits)));
            let x = serve::run_job(&mut engine, job, sent.clone());
            sent.borrow_mut().flush();
            slow = slow.max(tj.elapsed());
            bytes += 1;
            *outcomes.entry(x.finished.outcome.name().to_owned()).or_default() += 1;
            if x.finished.outcome == Outcome::Returned && x.finished.check_passed != Some(false) {
                ok += 1
            } else {
                bad += 1;
                if bad < 30 {
                    println!("BAD {id} {:?} {:?} {:?}", x.finished.outcome, x.finished.result, x.finished.exception)
                }
            }
            if x.retiring {
                retire += 1;
                if retire < 10 {
                    println!("retiring after {id}")
                }
                std::mem::forget(std::mem::replace(&mut engine, RustPython::start().unwrap()));
            }
        }
        let el = t.elapsed();
        println!(
            "ok {ok} bad {bad} retiring {retire} {outcomes:?} {:?} {:.0}/s slowest {slow:?} {bytes}",
            el,
            jobs.len() as f64 / el.as_secs_f64()
        );
    }
    if std::env::var("SHOW").is_ok() {
        let s = Rc::new(RefCell::new(Show::default()));
        let x = engine.run(&jobs[0].1, s.clone());
        println!("{}", jobs[0].1.source);
        for e in &s.borrow().0 {
            println!("{e:?}")
        }
        println!("{x:?}");
    }
}
struct Count(u64);
impl std::io::Write for Count {
    fn write(&mut self, b: &[u8]) -> std::io::Result<usize> {
        self.0 += b.len() as u64;
        Ok(b.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

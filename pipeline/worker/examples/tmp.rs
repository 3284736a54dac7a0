//! tmp
#![allow(unsafe_code, clippy::all)]
use std::{cell::RefCell, ops::ControlFlow, rc::Rc};
use tracemill_trace::*;
use tracemill_worker::{engine::*, engines::rustpython::RustPython};
struct Count(u64, u64);
impl Sink for Count {
    fn record(&mut self, r: &[u8]) -> ControlFlow<Outcome> { self.0 += 1; self.1 += r.len() as u64; ControlFlow::Continue(()) }
}
fn cpu() -> f64 { let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 }; unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) }; t.tv_sec as f64 + t.tv_nsec as f64 / 1e9 }
const SMALL: &str = "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n        if total > 1000000:\n            total -= 1000000\n    return total\n";
const NESTED: &str = "def f(n):\n    s = 0\n    for i in range(n):\n        for j in range(n):\n            k = i * j\n            if k % 2:\n                s += k\n    return s\n";
const BUBBLE: &str = "def f(n):\n    a = [(i * 7919) % 1009 for i in range(n)]\n    n = len(a)\n    for i in range(n):\n        for j in range(n - 1 - i):\n            if a[j] > a[j + 1]:\n                a[j], a[j + 1] = a[j + 1], a[j]\n    return a\n";
const FIB: &str = "def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)\n";
fn main() {
    std::thread::Builder::new().stack_size(512 << 20).spawn(|| {
        let mut e = RustPython::start().unwrap();
        let want = std::env::args().nth(1).unwrap_or_default();
        for (name, src, call) in [("small", SMALL, "f(100000)"), ("nested", NESTED, "f(300)"), ("bubble", BUBBLE, "f(200)"), ("fib", FIB, "f(20)")] {
            if !want.is_empty() && want != name { continue }
            let mut base = 0.0; let mut lines = 1.0;
            for g in [Granularity::Line, Granularity::Outcome, Granularity::Line, Granularity::Instruction] {
                let mut best = f64::MAX; let mut n = (0, 0);
                for _ in 0..3 {
                let sink = Rc::new(RefCell::new(Count(0, 0)));
                let job = Job { ticket: 1, kind: JobKind::Call, source: src.into(), setup: "".into(), call: call.into(), check: None, stdin: "".into(), subscription: Subscription { granularity: g, own_repr: false }, limits: Limits { steps: u64::MAX / 1000, trace_bytes: u64::MAX, ..Limits::default() } };
                let t = cpu();
                let x = e.run(&job, sink.clone());
                best = best.min(cpu() - t);
                assert_eq!(x.finished.outcome, Outcome::Returned, "{x:?}");
                let s = sink.borrow(); n = (s.0, s.1);
                }
                if g == Granularity::Line { lines = n.0 as f64; }
                if g == Granularity::Outcome { base = best; }
                println!("{name} {g:?} events {} bytes/event {:.2} {:.1} ms {:.1} ns/event {:.1} ns/line ratio {:.2}", n.0, n.1 as f64 / n.0.max(1) as f64, best * 1e3, best * 1e9 / n.0.max(1) as f64, best * 1e9 / lines, best / base);
            }
        }
        std::process::exit(0);
    }).unwrap().join().unwrap();
}

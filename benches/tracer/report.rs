//! The figures as a table, with the thresholds that they must meet. Called by `tracer.rs`.

use std::collections::BTreeMap;
use std::fmt;

use crate::NOTHING;
use crate::sides::{Measured, Side};

/// Everything measured.
#[derive(Default)]
pub(crate) struct Report {
    programs: Vec<(String, BTreeMap<Side, Measured>)>,
}

/// The thresholds of one program: the least ratio to a rival's CPU time, and the most bytes per event.
struct Bars {
    json: Option<f64>,
    native: Option<f64>,
    bytes: Option<f64>,
    /// The most times its untraced time, at line and at instruction granularity.
    slowdown: Option<(f64, f64)>,
}

fn bars(program: &str) -> Bars {
    let slowdown = Some((3.0, 15.0));
    match program {
        "small loop" => Bars { json: Some(20.0), native: Some(3.0), bytes: Some(0.5), slowdown },
        "nested loop" => Bars { json: Some(20.0), native: Some(10.0), bytes: Some(0.5), slowdown },
        "bubble sort" => Bars { json: Some(100.0), native: Some(50.0), bytes: None, slowdown: None },
        name if name.contains("cruxeval") => Bars { json: Some(2.5), native: None, bytes: Some(5.5), slowdown: None },
        _ => Bars { json: None, native: None, bytes: None, slowdown: None },
    }
}

impl Report {
    /// Adds a program's figures.
    pub(crate) fn add(&mut self, program: &str, measured: BTreeMap<Side, Measured>) {
        self.programs.push((program.to_owned(), measured));
    }

    /// Seconds without start-up: those of the empty program on the same side taken off.
    fn net(&self, side: Side, seconds: f64) -> f64 {
        let empty = self.programs.iter().find(|(name, _)| name == NOTHING).and_then(|(_, sides)| sides.get(&side));
        (seconds - empty.map_or(0.0, |empty| empty.seconds)).max(0.0)
    }
}

/// Events of a side; a rival's tracer that does not count them gets the count of the one that does.
fn events(sides: &BTreeMap<Side, Measured>, side: Side) -> f64 {
    let counted = if side == Side::Noop { Side::Json } else { side };
    sides.get(&counted).map_or(0.0, |measured| measured.events)
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{:<20} {:<28} {:>7} {:>9} {:>8} {:>8} {:>9} {:>8} {:>8}",
            "program", "side", "execs", "events", "cpu s", "net s", "ns/event", "execs/s", "B/event"
        )?;
        for (program, sides) in &self.programs {
            for (&side, measured) in sides {
                let events = events(sides, side);
                let net = self.net(side, measured.seconds);
                let per_event = |amount: f64, digits| match events {
                    0.0 => "-".to_owned(),
                    _ if program == NOTHING => "-".to_owned(),
                    events => format!("{:.digits$}", amount / events),
                };
                let bytes = if measured.bytes > 0.0 && program != NOTHING {
                    per_event(measured.bytes, 2)
                } else {
                    "-".to_owned()
                };
                writeln!(
                    out,
                    "{:<20} {:<28} {:>7} {:>9} {:>8.3} {:>8.3} {:>9} {:>8.0} {:>8}",
                    program,
                    side.name(),
                    measured.executions,
                    events,
                    measured.seconds,
                    net,
                    per_event(net * 1e9, 0),
                    measured.executions / measured.seconds,
                    bytes
                )?;
            }
        }
        writeln!(out, "\n{:<20} {:<52} {:>8} {:>8} {:>8}", "program", "question", "raw", "net", "bar")?;
        for (program, sides) in self.programs.iter().filter(|(name, _)| name != NOTHING) {
            self.questions(out, program, sides)?;
        }
        Ok(())
    }
}

impl Report {
    fn questions(&self, out: &mut fmt::Formatter<'_>, program: &str, sides: &BTreeMap<Side, Measured>) -> fmt::Result {
        let bars = bars(program);
        let raw = |side| sides.get(&side).map(|measured| measured.seconds);
        let net = |side| raw(side).map(|seconds| self.net(side, seconds));
        let per_event = |seconds: Option<f64>, side| Some(seconds? / events(sides, side));
        let mut ask = |question: &str, raw: Option<f64>, net: Option<f64>, judged: Option<f64>, bar: Option<Bar>| {
            let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
            let (bar, verdict) = match (bar, judged) {
                (None, _) => (String::new(), ""),
                (Some(bar), None) => (bar.text(), "not measured"),
                (Some(bar), Some(value)) => (bar.text(), if bar.holds(value) { "met" } else { "NOT MET" }),
            };
            writeln!(out, "{program:<20} {question:<52} {:>8} {:>8} {bar:>8} {verdict}", number(raw), number(net))
        };
        // Against CPython the whole processes count, start-up and all.
        for (side, bar) in [(Side::Json, bars.json), (Side::Native, bars.native)] {
            let question = format!("{}, times ours at line", side.name());
            let raw = ratio(raw(side), raw(Side::Line));
            ask(&question, raw, ratio(net(side), net(Side::Line)), raw, bar.map(Bar::AtLeast))?;
        }
        let is_loop = bars.native.is_some();
        let ours = Side::Instruction;
        let raw_cost = ratio(per_event(raw(ours), ours), per_event(raw(Side::Noop), Side::Noop));
        let net_cost = ratio(per_event(net(ours), ours), per_event(net(Side::Noop), Side::Noop));
        ask(
            "ours per instruction event, times no-op per line",
            raw_cost,
            net_cost,
            net_cost,
            is_loop.then_some(Bar::AtMost(1.0)),
        )?;
        // Ours against ours: start-up would flatter the ratio, so it does not count.
        let slowdowns = [(Side::Line, bars.slowdown.map(|(line, _)| line)), (ours, bars.slowdown.map(|(_, all)| all))];
        for (side, bar) in slowdowns {
            let question = format!("{}, times ours untraced", side.name());
            let net = ratio(net(side), net(Side::Outcome));
            ask(&question, ratio(raw(side), raw(Side::Outcome)), net, net, bar.map(Bar::AtMost))?;
        }
        for side in [Side::Line, ours] {
            let bytes = sides.get(&side).map(|measured| measured.bytes / measured.events);
            let bar = bars.bytes.filter(|_| side == Side::Line).map(Bar::AtMost);
            ask(&format!("{}, bytes per event", side.name()), bytes, None, bytes, bar)?;
        }
        Ok(())
    }
}

fn ratio(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(one? / other?).filter(|ratio| ratio.is_finite())
}

/// A threshold for a figure.
#[derive(Clone, Copy)]
enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

impl Bar {
    fn holds(self, value: f64) -> bool {
        match self {
            Bar::AtLeast(bar) => value >= bar,
            Bar::AtMost(bar) => value <= bar,
        }
    }

    fn text(self) -> String {
        match self {
            Bar::AtLeast(bar) => format!(">= {bar}"),
            Bar::AtMost(bar) => format!("<= {bar}"),
        }
    }
}

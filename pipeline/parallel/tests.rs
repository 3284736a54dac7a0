//! Both maps: order, window, errors, panics, and stacks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::*;

/// Squares numbers with one of the maps.
fn squares(
    with_workers: bool,
    items: impl Iterator<Item = Result<u64>>,
    threads: usize,
    work: impl Fn(u64) + Sync,
    mut sink: impl FnMut(u64) -> Result<()>,
) -> Result<Vec<u64>> {
    let mut squares = Vec::new();
    let name = |item: &u64| format!("item {item}");
    let square = |item| {
        work(item);
        if item == FAILS {
            return Err(Error::Internal(name(&item)));
        }
        if item % 3 == 0 {
            thread::yield_now();
        }
        Ok(item * item)
    };
    let collect = |square| {
        squares.push(square);
        sink(square)
    };
    if with_workers {
        map_with_workers(items, name, threads, WINDOW, || Ok(()), |(), item| square(item), collect)?;
    } else {
        CpuPool::new(threads).map(items, name, WINDOW, square, collect)?;
    }
    Ok(squares)
}

const WINDOW: usize = 8;
/// An item whose work is an error.
const FAILS: u64 = 10_042;

/// Each map with each number of threads.
fn each(test: impl Fn(bool, usize)) {
    for with_workers in [false, true] {
        [1, 2, 7].into_iter().for_each(|threads| test(with_workers, threads));
    }
}

#[test]
fn results_come_in_order_for_any_number_of_threads() {
    let expected: Vec<u64> = (0..500).map(|item| item * item).collect();
    each(|with_workers, threads| {
        let run = |count| squares(with_workers, (0..count).map(Ok), threads, |_| {}, |_| Ok(())).unwrap();
        assert_eq!(run(500), expected);
        assert_eq!(run(0), [0; 0]);
    });
}

#[test]
fn no_more_than_a_window_of_items_is_in_flight() {
    each(|with_workers, threads| {
        let (taken, delivered) = (AtomicU64::new(0), AtomicU64::new(0));
        let items = (0..500).map(|item| {
            let in_flight = taken.fetch_add(1, Ordering::SeqCst) - delivered.load(Ordering::SeqCst);
            assert!(in_flight < WINDOW as u64, "{in_flight} in flight");
            Ok(item)
        });
        let sink = |_| {
            delivered.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        assert_eq!(squares(with_workers, items, threads, |_| {}, sink).unwrap().len(), 500);
    });
}

#[test]
fn the_first_error_ends_it() {
    let failure = || Error::Internal("item 30".to_owned());
    each(|with_workers, threads| {
        let begun = AtomicU64::new(0);
        let count = |_| {
            begun.fetch_add(1, Ordering::SeqCst);
        };
        let of_work = squares(with_workers, (FAILS - 42..FAILS + 500).map(Ok), threads, count, |_| Ok(()));
        assert_eq!(of_work.unwrap_err().to_string(), format!("internal error: item {FAILS}"));
        assert!(begun.load(Ordering::SeqCst) <= 43 + WINDOW as u64, "it goes on after an error");
        let source = (0..500).map(|item| if item == 30 { Err(failure()) } else { Ok(item) });
        let of_source = squares(with_workers, source, threads, |_| {}, |_| Ok(()));
        assert_eq!(of_source.unwrap_err().to_string(), failure().to_string());
        let sink = |square| if square == 900 { Err(failure()) } else { Ok(()) };
        let of_sink = squares(with_workers, (0..500).map(Ok), threads, |_| {}, sink);
        assert_eq!(of_sink.unwrap_err().to_string(), failure().to_string());
    });
}

#[test]
fn a_panic_is_an_error_that_names_the_item_and_nobody_waits_for_it() {
    each(|with_workers, threads| {
        let work = |item| assert!(item != 1_000, "no square");
        let error = squares(with_workers, (0..2_000).map(Ok), threads, work, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "internal error: item 1000: a panic: no square");
    });
}

#[test]
fn work_may_recurse_deeply() {
    fn recurse(depth: usize) -> usize {
        let frame = std::hint::black_box([depth; 128]);
        if depth == 0 { 0 } else { recurse(depth - 1) + usize::from(frame[127] == depth) }
    }
    each(|with_workers, threads| {
        let work = |_| assert_eq!(recurse(20_000), 20_000);
        squares(with_workers, (0..4).map(Ok), threads, work, |_| Ok(())).unwrap();
    });
}

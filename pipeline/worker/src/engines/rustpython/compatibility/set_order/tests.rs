//! Hashes and tables by themselves; sets in programs are in the engine's tests.

use expect_test::{Expect, expect};

use super::{hashes::sip_hash, table::Table};

#[test]
fn bytes_hash_as_in_cpython_without_a_seed() {
    let hashes = ["", "a", "hello", "12345678"].map(|text| sip_hash(text.as_bytes()));
    expect!["[0, 4644417185603328019, -2096571579003691106, 3785724242978802311]"].assert_eq(&format!("{hashes:?}"));
}

fn table(numbers: &[i64]) -> Table<i64> {
    let mut table = Table::new();
    for number in numbers {
        table.add(*number, *number, |known| known == number);
    }
    table
}

fn check(table: &Table<i64>, expect: Expect) {
    expect.assert_eq(&format!("{:?} of {}", table.keys().collect::<Vec<_>>(), table.size()));
}

#[test]
fn a_table_grows_by_four() {
    check(&table(&[9, 1, 8, 0]), expect!["[8, 9, 1, 0] of 8"]);
    check(&table(&[9, 1, 8, 0, 33]), expect!["[0, 33, 1, 8, 9] of 32"]);
}

#[test]
fn a_copy_is_smaller_than_what_it_was_made_of() {
    check(&table(&[9, 1, 8, 0, 17]).copied(), expect!["[0, 1, 17, 8, 9] of 16"]);
}

#[test]
fn the_last_free_slot_on_the_way_is_taken() {
    let mut some = table(&[15, 7, 10, 13, 8, 6, 11]);
    for gone in [10, 7] {
        assert!(some.remove(gone, |known| *known == gone));
    }
    for new in [9, 7] {
        some.add(new, new, |known| *known == new);
    }
    check(&some, expect!["[6, 8, 9, 7, 11, 13, 15] of 32"]);
}

#[test]
fn a_difference_that_leaves_little_shrinks_the_table() {
    let mut some = table(&(0..30).collect::<Vec<_>>());
    some.retain(|number| *number > 27);
    some.shrink();
    check(&some, expect!["[28, 29] of 128"]);
}

#[test]
fn popping_goes_on_where_it_was() {
    let mut some = table(&[1, 2, 3]);
    assert_eq!(some.pop(), Some(1));
    some.add(0, 0, |known| *known == 0);
    assert_eq!([some.pop(), some.pop(), some.pop(), some.pop()], [Some(2), Some(3), Some(0), None]);
}

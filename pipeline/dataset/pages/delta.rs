//! `DELTA_BINARY_PACKED`: integers as differences in blocks. Used by the columns of this folder.
//!
//! The library's encoder takes a few nanoseconds a value whatever the values are; here a block whose differences are all
//! the same takes a pass over them, and a sequence takes none.

use super::number::Number;
use super::rle::varint;

/// Values of a block, and of each of its four quarters; the sizes that every writer uses.
const BLOCK: usize = 128;
const QUARTER: usize = 32;

/// Appends the values.
pub(super) fn encode<N: Number>(values: &[N], to: &mut Vec<u8>) {
    encode_aligned(values, 1, to);
}

/// As [`encode`], with whole bytes for each difference: compression finds more in them.
pub(super) fn encode_bytewise<N: Number>(values: &[N], to: &mut Vec<u8>) {
    encode_aligned(values, 8, to);
}

fn encode_aligned<N: Number>(values: &[N], align: usize, to: &mut Vec<u8>) {
    let Some(&first) = values.first() else { return };
    head(values.len(), first.wide(), to);
    let mut deltas = [0_i64; BLOCK];
    let mut from = 0;
    while from + 1 < values.len() {
        let count = (values.len() - 1 - from).min(BLOCK);
        let (before, after) = (&values[from..from + count], &values[from + 1..=from + count]);
        let step = after[0].minus(before[0]);
        from += count;
        if N::keeps_step(before, after, step) {
            block_of(step.wide(), to);
            continue;
        }
        for ((delta, before), after) in deltas.iter_mut().zip(before).zip(after) {
            *delta = after.minus(*before).wide();
        }
        block(&mut deltas, count, align, to);
    }
}

/// Appends the values that begin with the first and differ by the step.
pub(super) fn sequence(first: i64, step: i64, count: usize, to: &mut Vec<u8>) {
    head(count, first, to);
    for _ in 0..count.saturating_sub(1).div_ceil(BLOCK) {
        block_of(step, to);
    }
}

fn head(count: usize, first: i64, to: &mut Vec<u8>) {
    varint(BLOCK as u64, to);
    varint((BLOCK / QUARTER) as u64, to);
    varint(count as u64, to);
    varint(zigzag(first), to);
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

/// A block of equal differences.
fn block_of(step: i64, to: &mut Vec<u8>) {
    varint(zigzag(step), to);
    to.extend_from_slice(&[0; BLOCK / QUARTER]);
}

/// A block of that many differences; what is behind them is overwritten.
fn block(deltas: &mut [i64; BLOCK], count: usize, align: usize, to: &mut Vec<u8>) {
    let least = deltas[..count].iter().copied().min().unwrap_or(0);
    varint(zigzag(least), to);
    // A quarter that has begun is filled with the least difference.
    deltas[count..].fill(least);
    let widths_at = to.len();
    to.extend_from_slice(&[0; BLOCK / QUARTER]);
    for (quarter, values) in deltas.chunks_exact(QUARTER).enumerate() {
        let all = values.iter().fold(0, |all, value| all | value.wrapping_sub(least) as u64);
        let width = ((64 - all.leading_zeros()) as usize).next_multiple_of(align);
        to[widths_at + quarter] = width as u8;
        if width <= 32 {
            pack_narrow(values, least, width, to);
        } else {
            pack_wide(values, least, width, to);
        }
    }
}

fn pack_narrow(values: &[i64], least: i64, width: usize, to: &mut Vec<u8>) {
    let mut bytes = [0_u8; QUARTER * 4];
    let (mut bits, mut have, mut at) = (0_u64, 0, 0);
    for value in values {
        bits |= (value.wrapping_sub(least) as u64) << have;
        have += width;
        if have >= 32 {
            bytes[at..at + 4].copy_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            have -= 32;
            at += 4;
        }
    }
    to.extend_from_slice(&bytes[..QUARTER * width / 8]);
}

fn pack_wide(values: &[i64], least: i64, width: usize, to: &mut Vec<u8>) {
    let (mut bits, mut have) = (0_u128, 0);
    for value in values {
        bits |= u128::from(value.wrapping_sub(least) as u64) << have;
        have += width;
        while have >= 8 {
            to.push(bits as u8);
            bits >>= 8;
            have -= 8;
        }
    }
}

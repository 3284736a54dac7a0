//! The hashes that 64-bit CPython gives plain objects when its hash seed is 0. Called by `tables` and the operations.
//!
//! The interpreter's hashes of numbers, tuples and frozen sets equal CPython's. Those of strings and bytes do not:
//! CPython hashes them with SipHash-1-3 and, without a seed, a key of zeros.

use rustpython_vm::{
    AsObject, PyObject, VirtualMachine,
    builtins::{PyBytes, PyFloat, PyFrozenSet, PyInt, PyStr, PyTuple},
    common::hash::{FrozenSetHash, hash_bigint, hash_float, hash_tuple},
};

/// `hash(None)` since 3.12.
const NONE: i64 = 0xfca8_6420;
/// Tuples and frozen sets inside each other that are looked through.
const MAX_DEPTH: usize = 8;

/// The hash of a plain object: the same in every process, and without a call to code of the program. `None` for others.
pub(super) fn plain_hash(object: &PyObject, vm: &VirtualMachine) -> Option<i64> {
    hash_at(object, MAX_DEPTH, vm)
}

fn hash_at(object: &PyObject, levels: usize, vm: &VirtualMachine) -> Option<i64> {
    let (class, types) = (object.class(), &vm.ctx.types);
    if class.is(types.int_type) || class.is(types.bool_type) {
        return object.downcast_ref::<PyInt>().map(|number| hash_bigint(number.as_bigint()));
    }
    if class.is(types.str_type) {
        return object.downcast_ref::<PyStr>().map(text);
    }
    if class.is(types.tuple_type) {
        let items = object.downcast_ref::<PyTuple>().filter(|_| levels > 0)?.as_slice();
        return hash_tuple(items.iter().map(|item| hash_at(item, levels - 1, vm).ok_or(()))).ok();
    }
    if vm.is_none(object) {
        return Some(NONE);
    }
    if class.is(types.float_type) {
        // A NaN hashes by its address.
        return object.downcast_ref::<PyFloat>().and_then(|number| hash_float(number.to_f64()));
    }
    if class.is(types.bytes_type) {
        return object.downcast_ref::<PyBytes>().map(|bytes| sip_hash(bytes.as_bytes()));
    }
    if class.is(types.frozenset_type) {
        let elements = object.downcast_ref::<PyFrozenSet>().filter(|_| levels > 0)?.elements();
        let mut mixed = FrozenSetHash::new(elements.len());
        for element in &elements {
            mixed.add(hash_at(element, levels - 1, vm)?);
        }
        return Some(mixed.finish());
    }
    None
}

/// The hash of a string is that of its characters, each in the narrowest of one, two or four bytes.
fn text(string: &rustpython_vm::Py<PyStr>) -> i64 {
    let bytes = string.as_bytes();
    if bytes.is_ascii() {
        return sip_hash(bytes);
    }
    let letters: Vec<u32> = string.as_wtf8().code_points().map(|letter| letter.to_u32()).collect();
    let widest = letters.iter().copied().max().unwrap_or(0);
    let width = match widest {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    };
    let wide: Vec<u8> = letters.iter().flat_map(|letter| letter.to_le_bytes().into_iter().take(width)).collect();
    sip_hash(&wide)
}

/// SipHash-1-3 with a key of zeros, as Python keeps hashes: 0 for nothing, never -1.
pub(super) fn sip_hash(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    let mut state: [u64; 4] =
        [0x736f_6d65_7073_6575, 0x646f_7261_6e64_6f6d, 0x6c79_6765_6e65_7261, 0x7465_6462_7974_6573];
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    last[7] = bytes.len() as u8;
    for word in words.iter().chain([&last]) {
        let word = u64::from_le_bytes(*word);
        state[3] ^= word;
        round(&mut state);
        state[0] ^= word;
    }
    state[2] ^= 0xff;
    for _ in 0..3 {
        round(&mut state);
    }
    match (state[0] ^ state[1] ^ state[2] ^ state[3]) as i64 {
        -1 => -2,
        hash => hash,
    }
}

fn round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *c = c.wrapping_add(*d);
    *b = b.rotate_left(13) ^ *a;
    *d = d.rotate_left(16) ^ *c;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*b);
    *a = a.wrapping_add(*d);
    *b = b.rotate_left(17) ^ *c;
    *d = d.rotate_left(21) ^ *a;
    *c = c.rotate_left(32);
}

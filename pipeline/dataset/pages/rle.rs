//! Runs of small numbers as Parquet's hybrid of run lengths and packed bits: levels and indexes of dictionaries. Used by
//! the columns of this folder.

/// Runs of one value each that are worth a run length of their own, in bits of what they would take packed. Short ones
/// stay packed, because compression finds more in bits that nothing interrupts.
const RUN_BITS: usize = 64;

/// Appends the runs, packed with that many bits each.
pub(super) fn encode(runs: impl IntoIterator<Item = (u32, usize)>, width: usize, to: &mut Vec<u8>) {
    let mut packed = Packed { width, group: [0; 8], held: 0, bytes: Vec::new() };
    for (value, mut count) in runs {
        // Groups are of eight: one that has begun is filled up first.
        while packed.held > 0 && count > 0 {
            packed.push(value);
            count -= 1;
        }
        if count * width >= RUN_BITS && count >= 8 {
            packed.end(to);
            repeat(value, count, width, to);
        } else {
            (0..count).for_each(|_| packed.push(value));
        }
    }
    if packed.bytes.is_empty() && packed.held > 0 && packed.group[..packed.held].iter().all(|&v| v == packed.group[0]) {
        repeat(packed.group[0], packed.held, width, to);
        return;
    }
    while packed.held > 0 {
        packed.push(0);
    }
    packed.end(to);
}

fn repeat(value: u32, count: usize, width: usize, to: &mut Vec<u8>) {
    varint((count as u64) << 1, to);
    to.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8)]);
}

/// Groups of eight values that are not yet written.
struct Packed {
    width: usize,
    group: [u32; 8],
    held: usize,
    bytes: Vec<u8>,
}

impl Packed {
    fn push(&mut self, value: u32) {
        self.group[self.held] = value;
        self.held += 1;
        if self.held == 8 {
            self.held = 0;
            let (mut bits, mut have) = (0_u64, 0);
            for value in self.group {
                bits |= u64::from(value) << have;
                have += self.width;
                while have >= 8 {
                    self.bytes.push(bits as u8);
                    bits >>= 8;
                    have -= 8;
                }
            }
        }
    }

    fn end(&mut self, to: &mut Vec<u8>) {
        if !self.bytes.is_empty() {
            varint((self.bytes.len() / self.width) as u64 * 2 + 1, to);
            to.append(&mut self.bytes);
        }
    }
}

/// Appends that many bits, as [`encode`] would with a width of one, eight at a time.
pub(super) fn bits(bits: &[u8], count: usize, to: &mut Vec<u8>) {
    let bytes = &bits[..count.div_ceil(8)];
    let mut literal = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let mut end = at + 1;
        if byte == 0 || byte == 0xff {
            // What is behind the last bit is zero, whatever the bits are; it may be said to repeat them.
            let rest = &bytes[at..];
            end = at + rest.iter().position(|&other| other != byte).unwrap_or(rest.len());
            let last = end + 1 == bytes.len()
                && byte == 0xff
                && !count.is_multiple_of(8)
                && bytes[end] == (1 << (count % 8)) - 1;
            end += usize::from(last);
            if (end - at) * 8 >= RUN_BITS || (at == 0 && end == bytes.len()) {
                packed_bits(&bytes[literal..at], to);
                repeat(u32::from(byte & 1), (end * 8).min(count) - at * 8, 1, to);
                literal = end;
            }
        }
        at = end;
    }
    packed_bits(&bytes[literal..], to);
}

fn packed_bits(bytes: &[u8], to: &mut Vec<u8>) {
    if !bytes.is_empty() {
        varint(bytes.len() as u64 * 2 + 1, to);
        to.extend_from_slice(bytes);
    }
}

/// Appends a number as LEB128.
pub(super) fn varint(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

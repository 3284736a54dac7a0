//! The integers of a page. Used by the columns of this folder.
//!
//! A page that is a sequence, such as one of equal values, is kept as its first value and step, and costs next to
//! nothing. For other values, the first page of a chunk is encoded both ways, and the chunk gets the encoding that is
//! smaller after compression. A sample would not do, because compression finds repetitions over long distances.

use datafusion::parquet::basic::Encoding;
use datafusion::parquet::errors::Result;

use super::compressor::Compressor;
use super::number::Number;
use super::{byte_stream_split, delta};

/// Differences of at most one bit per this many values are small enough without a trial.
const SPARSE: usize = 2;

/// The values of a page in progress.
#[derive(Debug, Default)]
pub(super) struct Numbers<N> {
    /// The values, once they are no sequence.
    values: Vec<N>,
    /// Else the first one, the step, and how many.
    first: N,
    step: N,
    count: usize,
    /// Whether the chunk's values are split by bytes, once that is known.
    splits: Option<bool>,
}

/// How the values of a page were encoded.
pub(super) struct Encoded {
    pub(super) encoding: Encoding,
    /// The compressor has the page already.
    pub(super) is_packed: bool,
}

impl<N: Number> Numbers<N> {
    pub(super) fn append(&mut self, more: &[N]) {
        let Some(&next) = more.first() else { return };
        if self.values.is_empty() {
            match (self.count, more.get(1)) {
                (0, None) => (self.first, self.step) = (next, N::default()),
                (0, Some(&then)) => (self.first, self.step) = (next, then.minus(next)),
                (1, _) => self.step = next.minus(self.first),
                _ => {}
            }
            if next == self.first.after(self.step, self.count) && goes_on(more, self.step) {
                self.count += more.len();
                return;
            }
            self.values.extend((0..self.count).map(|steps| self.first.after(self.step, steps)));
        }
        self.values.extend_from_slice(more);
    }

    /// Appends the page's values to what stands before them, and empties it.
    pub(super) fn encode(&mut self, compressor: &mut Compressor, to: &mut Vec<u8>) -> Result<Encoded> {
        let (values, count) = (std::mem::take(&mut self.values), std::mem::take(&mut self.count));
        let (mut encoding, mut is_packed) = (Encoding::DELTA_BINARY_PACKED, false);
        if values.is_empty() && count == 0 {
            encoding = Encoding::PLAIN;
        } else if values.is_empty() {
            delta::sequence(self.first.wide(), self.step.wide(), count, to);
        } else {
            let splits = match self.splits {
                Some(true) => {
                    byte_stream_split::encode(&values, to);
                    true
                }
                Some(false) => {
                    delta::encode(&values, to);
                    false
                }
                None => {
                    is_packed = encode_smaller(&values, compressor, to)?;
                    is_packed
                }
            };
            self.splits = Some(splits);
            if splits {
                encoding = Encoding::BYTE_STREAM_SPLIT;
            }
        }
        self.values = values;
        self.values.clear();
        Ok(Encoded { encoding, is_packed })
    }

    /// The chunk ends: what was known of its values does not hold for the next one.
    pub(super) fn forget(&mut self) {
        self.splits = None;
    }
}

/// Whether the values differ by that step.
fn goes_on<N: Number>(values: &[N], step: N) -> bool {
    let pairs = values.chunks(1024).zip(values[1..].chunks(1024));
    pairs.into_iter().all(|(before, after)| N::keeps_step(before, after, step))
}

/// Appends the values as differences or split by bytes, whichever makes the page smaller. Whether they are split, in which
/// case the compressor has the page.
fn encode_smaller<N: Number>(values: &[N], compressor: &mut Compressor, to: &mut Vec<u8>) -> Result<bool> {
    let head = to.len();
    delta::encode(values, to);
    if (to.len() - head) * 8 * SPARSE <= values.len() {
        return Ok(false);
    }
    let as_delta = compressor.size(to)?;
    let deltas = to.split_off(head);
    byte_stream_split::encode(values, to);
    if compressor.size(to)? < as_delta {
        return Ok(true);
    }
    to.truncate(head);
    to.extend_from_slice(&deltas);
    Ok(false)
}

//! The texts of a page, and the dictionary of a column chunk. Used by the columns of this folder.

use std::collections::BTreeMap;

use datafusion::arrow::array::StringArray;
use datafusion::parquet::basic::Encoding;

use super::{delta, rle};

/// Bytes of a dictionary from which on texts are written as they are.
const DICTIONARY_BYTES: usize = 1 << 20;
/// Texts of a dictionary that are looked at one by one.
const NEAR: usize = 8;

/// The texts of a page in progress.
#[derive(Debug, Default)]
pub(super) struct Texts {
    lengths: Vec<i32>,
    bytes: Vec<u8>,
    dictionary: Option<Dictionary>,
    /// Whether the page in progress has indexes of the dictionary.
    indexed: bool,
}

/// The distinct texts of a column chunk, and which of them the page in progress has.
#[derive(Debug, Default)]
struct Dictionary {
    known: BTreeMap<Vec<u8>, u32>,
    near: Vec<Vec<u8>>,
    /// As in the file: lengths and texts in turn.
    page: Vec<u8>,
    runs: Vec<(u32, usize)>,
}

impl Texts {
    pub(super) fn new(dictionary: bool) -> Self {
        Texts { dictionary: dictionary.then(Dictionary::default), indexed: dictionary, ..Texts::default() }
    }

    /// Appends those rows, none of which is null.
    pub(super) fn append(&mut self, array: &StringArray, from: usize, to: usize) {
        let offsets = &array.value_offsets()[from..=to];
        let all = array.value_data();
        let ends = offsets.iter().zip(&offsets[1..]);
        match self.dictionary.as_mut().filter(|_| self.indexed) {
            Some(dictionary) => {
                let mut texts = ends.map(|(&start, &end)| &all[start as usize..end as usize]).peekable();
                while let Some(text) = texts.next() {
                    let mut count = 1;
                    while texts.next_if_eq(&text).is_some() {
                        count += 1;
                    }
                    dictionary.append(text, count);
                }
            }
            None => {
                self.lengths.extend(ends.map(|(start, end)| end - start));
                if let [first, .., last] = offsets {
                    self.bytes.extend_from_slice(&all[*first as usize..*last as usize]);
                }
            }
        }
    }

    /// Bytes of the page so far.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the dictionary is full, so that the page must end here and the next one has the texts as they are.
    pub(super) fn is_full(&self) -> bool {
        let size = self.dictionary.as_ref().map_or(0, |dictionary| dictionary.page.len());
        self.indexed && size >= DICTIONARY_BYTES
    }

    /// Appends the page's values to what stands before them, and empties it.
    pub(super) fn encode(&mut self, to: &mut Vec<u8>) -> Encoding {
        if let Some(dictionary) = self.dictionary.as_mut().filter(|dictionary| !dictionary.runs.is_empty()) {
            self.indexed = dictionary.page.len() < DICTIONARY_BYTES;
            let last = u32::try_from(dictionary.known.len() - 1).unwrap_or(u32::MAX);
            let width = (32 - last.leading_zeros()).max(1) as usize;
            to.push(width as u8);
            rle::encode(dictionary.runs.drain(..), width, to);
            return Encoding::RLE_DICTIONARY;
        }
        if self.lengths.is_empty() {
            return Encoding::PLAIN;
        }
        delta::encode_bytewise(&self.lengths, to);
        to.append(&mut self.bytes);
        self.lengths.clear();
        Encoding::DELTA_LENGTH_BYTE_ARRAY
    }

    /// The dictionary, if it has any texts, and how many. The next one is empty.
    pub(super) fn take_dictionary(&mut self) -> Option<(Vec<u8>, usize)> {
        let dictionary = std::mem::take(self.dictionary.as_mut()?);
        self.indexed = true;
        let count = dictionary.known.len();
        (count > 0).then_some((dictionary.page, count))
    }
}

impl Dictionary {
    fn append(&mut self, text: &[u8], count: usize) {
        let index = self.index(text);
        match self.runs.last_mut() {
            Some((last, known)) if *last == index => *known += count,
            _ => self.runs.push((index, count)),
        }
    }

    fn index(&mut self, text: &[u8]) -> u32 {
        if let Some(at) = self.near.iter().position(|known| known == text) {
            return at as u32;
        }
        if let Some(&at) = self.known.get(text) {
            return at;
        }
        let at = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.known.insert(text.to_owned(), at);
        if self.near.len() < NEAR {
            self.near.push(text.to_owned());
        }
        self.page.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.page.extend_from_slice(text);
        at
    }
}

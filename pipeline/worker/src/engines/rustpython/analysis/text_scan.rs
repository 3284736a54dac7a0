//! Finds which words of a fixed set a text holds, in one pass. The texts of a job are searched for some forty words. Used
//! by `source_labels`, `shared_process` and `code_cache`.

/// Up to 64 words of two bytes or more.
pub(crate) struct WordSet<const COUNT: usize> {
    words: [&'static str; COUNT],
    /// For each byte the words that have it first, and those that have it second, a bit for each.
    first: [u64; 256],
    second: [u64; 256],
}

impl<const COUNT: usize> WordSet<COUNT> {
    /// Builds the tables; in a constant, that happens at compile time.
    pub(crate) const fn new(words: [&'static str; COUNT]) -> Self {
        assert!(COUNT <= 64);
        let (mut first, mut second) = ([0; 256], [0; 256]);
        let mut at = 0;
        while at < COUNT {
            let bytes = words[at].as_bytes();
            first[bytes[0] as usize] |= 1 << at;
            second[bytes[1] as usize] |= 1 << at;
            at += 1;
        }
        WordSet { words, first, second }
    }

    /// The words that the text holds, a bit for each in their order.
    pub(crate) fn words_in(&self, text: &str) -> u64 {
        self.found(text, u64::MAX)
    }

    /// Whether the text holds any.
    pub(crate) fn any_in(&self, text: &str) -> bool {
        self.found(text, 0) != 0
    }

    /// The words that were found, until their bits exceed `enough`.
    fn found(&self, text: &str, enough: u64) -> u64 {
        let bytes = text.as_bytes();
        let mut found = 0;
        for (at, pair) in bytes.windows(2).enumerate() {
            let mut waiting = self.first[usize::from(pair[0])] & self.second[usize::from(pair[1])] & !found;
            while waiting != 0 {
                let word = waiting.trailing_zeros();
                waiting &= waiting - 1;
                if bytes[at..].starts_with(self.words[word as usize].as_bytes()) {
                    found |= 1 << word;
                    if found > enough {
                        return found;
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::WordSet;

    const SOME: WordSet<5> = WordSet::new(["import", "__", "in", "getattr", "//"]);

    #[test]
    fn words_are_found_wherever_they_stand() {
        for text in
            ["", "_", "i", "import", "an import", "a__b", "x // 2", "getatt", "getattr(x, '__name__') in y", "é//é"]
        {
            let each = SOME.words.iter().enumerate().filter(|(_, word)| text.contains(**word));
            let each = each.fold(0, |found, (at, _)| found | 1_u64 << at);
            assert_eq!((SOME.words_in(text), SOME.any_in(text)), (each, each != 0), "{text}");
        }
    }
}

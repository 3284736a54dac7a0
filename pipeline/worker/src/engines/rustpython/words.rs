//! Which of some words a text holds, found in one pass: the texts of a job are asked for some forty words. Called by
//! `reach`, `labels`, `units` and the engine.

/// Up to 64 words of two bytes or more.
pub(super) struct Words<const COUNT: usize> {
    words: [&'static str; COUNT],
    /// For each byte the words that have it first, and second, a bit for each.
    first: [u64; 256],
    second: [u64; 256],
}

impl<const COUNT: usize> Words<COUNT> {
    /// Prepares for them; at compile time, where a constant holds it.
    pub(super) const fn new(words: [&'static str; COUNT]) -> Self {
        assert!(COUNT <= 64);
        let (mut first, mut second) = ([0; 256], [0; 256]);
        let mut at = 0;
        while at < COUNT {
            let bytes = words[at].as_bytes();
            first[bytes[0] as usize] |= 1 << at;
            second[bytes[1] as usize] |= 1 << at;
            at += 1;
        }
        Words { words, first, second }
    }

    /// Those that the text holds, a bit for each in their order.
    pub(super) fn of(&self, text: &str) -> u64 {
        self.found(text, u64::MAX)
    }

    /// Whether the text holds any.
    pub(super) fn any(&self, text: &str) -> bool {
        self.found(text, 0) != 0
    }

    /// The words found until more than `enough` were.
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
    use super::Words;

    const SOME: Words<5> = Words::new(["import", "__", "in", "getattr", "//"]);

    #[test]
    fn words_are_found_wherever_they_stand() {
        for text in
            ["", "_", "i", "import", "an import", "a__b", "x // 2", "getatt", "getattr(x, '__name__') in y", "é//é"]
        {
            let each = SOME.words.iter().enumerate().filter(|(_, word)| text.contains(**word));
            let each = each.fold(0, |found, (at, _)| found | 1_u64 << at);
            assert_eq!((SOME.of(text), SOME.any(text)), (each, each != 0), "{text}");
        }
    }
}

//! Splices: a changed text is stored as the piece of it that was replaced.

/// Replaces a piece of a text, both measured in characters. What reaches past the end of the text ends there.
pub fn splice(text: &mut String, start: u64, removed: u64, inserted: &str) {
    let place = |text: &str, chars: u64| {
        let chars = usize::try_from(chars).unwrap_or(usize::MAX);
        match text.is_ascii() {
            true => chars.min(text.len()),
            false => text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at),
        }
    };
    let from = place(text, start);
    let to = place(text, start.saturating_add(removed));
    text.replace_range(from..to, inserted);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::splice;

    proptest! {
        #[test]
        fn a_splice_counts_characters_and_never_panics(text in ".*", start in 0_u64..40, removed: u64, inserted in ".*") {
            let mut spliced = text.clone();
            splice(&mut spliced, start, removed, &inserted);
            let kept: String = text.chars().take(start as usize).collect();
            let behind = usize::try_from(removed).unwrap_or(usize::MAX);
            let rest: String = text.chars().skip(start as usize).skip(behind).collect();
            prop_assert_eq!(spliced, format!("{kept}{inserted}{rest}"));
        }
    }
}

//! Addresses of objects in text, such as ` at 0x7f3c5a2b9d10` in the default text of an object. They differ between runs.
//!
//! The engine and the recorder recognise the same addresses and treat them differently. The engine deletes text, so it
//! deletes an address only where it ends in `>`, as in the text that Python makes. The recorder labels an execution, so it
//! also counts an address whose text was cut short or that the program wrote itself.

use std::ops::Range;

/// What stands before the digits.
const PREFIX: &str = " at 0x";
/// The fewest digits of an address. Shorter numbers belong to the program.
const MIN_DIGITS: usize = 7;

/// The addresses in a text, each with the prefix before it.
fn addresses_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(PREFIX).filter_map(|(start, _)| {
        let behind = &text.as_bytes()[start + PREFIX.len()..];
        let digits = behind.iter().take_while(|digit| digit.is_ascii_hexdigit()).count();
        (digits >= MIN_DIGITS).then_some(start..start + PREFIX.len() + digits)
    })
}

/// Whether a text shows an address.
#[must_use]
pub fn shows_address(text: &str) -> bool {
    // Nearly all stored texts pass here, and few are long enough.
    text.len() >= PREFIX.len() + MIN_DIGITS && addresses_in(text).next().is_some()
}

/// The text without the addresses that end in `>`.
#[must_use]
pub fn strip_addresses(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut kept = 0;
    for address in addresses_in(text).filter(|address| text[address.end..].starts_with('>')) {
        stripped.push_str(&text[kept..address.start]);
        kept = address.end;
    }
    stripped.push_str(&text[kept..]);
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_the_default_text_of_an_object_is_stripped() {
        let texts = [
            ("<unit.P object at 0x55a3e83a5040>", "<unit.P object>"),
            ("[<P at 0x1234567>, <P at 0xabcdef0>] €", "[<P>, <P>] €"),
            ("<P at 0x123456>", "<P at 0x123456>"),
            ("<P at 0x55a3e83a5040", "<P at 0x55a3e83a5040"),
            ("", ""),
        ];
        for (text, expected) in texts {
            assert_eq!(strip_addresses(text), expected);
        }
    }

    #[test]
    fn an_address_that_is_not_stripped_is_labelled_and_a_stripped_one_is_not() {
        let is_left = [
            ("<unit.P object at 0x55a3e83a5040>", false),
            ("<unit.P object at 0x55a3e8", false),
            ("<unit.P object at 0x55a3e83", true),
            ("the buffer at 0x55a3e83a5040, of <P at 0x55a3e83a5040>", true),
            ("<P at 0x55a3e83a5040 at 0x55a3e83a5040>", true),
            ("at 0x55a3e83a5040>", false),
            ("bad opcode at 0xff in stream", false),
        ];
        for (text, is_left) in is_left {
            assert_eq!(shows_address(&strip_addresses(text)), is_left, "{text}");
        }
    }
}

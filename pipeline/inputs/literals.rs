//! Values as Python literals. `types` and the trees of the search write them.

/// A text as a literal: printable, on one line, in single quotes unless it has single quotes and no double ones.
pub(super) fn text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            letter if letter == quote => {
                literal.push('\\');
                literal.push(letter);
            }
            letter if letter.is_control() || ('\u{80}'..'\u{a0}').contains(&letter) => {
                literal.push_str(&format!("\\x{:02x}", u32::from(letter)));
            }
            letter => literal.push(letter),
        }
    }
    literal.push(quote);
    literal
}

/// Bytes as a literal: printable, on one line.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let mut literal = String::with_capacity(bytes.len() + 3);
    literal.push_str("b'");
    for &byte in bytes {
        match byte {
            b'\\' => literal.push_str("\\\\"),
            b'\'' => literal.push_str("\\'"),
            b' '..=b'~' => literal.push(char::from(byte)),
            byte => literal.push_str(&format!("\\x{byte:02x}")),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ruff_python_ast::Expr;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_what_its_literal_says(said in any::<String>()) {
            let literal = text(&said);
            let parsed = ruff_python_parser::parse_expression(&literal).unwrap();
            let Expr::StringLiteral(parsed) = parsed.into_expr() else { panic!("{literal}") };
            prop_assert_eq!(parsed.value.to_str(), said);
            prop_assert!(!literal.contains(['\n', '\r', '\0']));
        }

        #[test]
        fn bytes_are_what_their_literal_says(said in any::<Vec<u8>>()) {
            let literal = bytes(&said);
            let parsed = ruff_python_parser::parse_expression(&literal).unwrap();
            let Expr::BytesLiteral(parsed) = parsed.into_expr() else { panic!("{literal}") };
            prop_assert_eq!(parsed.value.bytes().collect::<Vec<_>>(), said);
        }
    }

    #[test]
    fn quotes_are_those_that_need_no_escape() {
        for (said, literal) in [("a", "'a'"), ("it's", "\"it's\""), ("'\"", "'\\'\"'"), ("\n\t\0", "'\\n\\t\\x00'")] {
            assert_eq!(text(said), literal);
        }
    }
}

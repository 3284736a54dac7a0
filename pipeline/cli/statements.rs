//! Cuts SQL text at its semicolons. Called by `sql`, for its argument, for files and at the prompt.

/// The statements of a text, without their semicolons and without empty ones; the last may lack its semicolon.
pub(super) fn split(text: &str) -> Vec<&str> {
    let (mut statements, rest) = scan(text);
    statements.push(rest);
    statements.retain(|statement| !is_blank(statement));
    statements.iter_mut().for_each(|statement| *statement = statement.trim());
    statements
}

/// Whether a text ends with a whole statement: nothing but space and comments after the last semicolon.
pub(super) fn is_complete(text: &str) -> bool {
    let (_, rest) = scan(text);
    is_blank(rest)
}

/// What stands before each semicolon, and what stands after the last. Semicolons in quotes and comments do not count.
fn scan(text: &str) -> (Vec<&str>, &str) {
    let mut statements = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = token(rest);
        if rest.starts_with(';') {
            statements.push(&text[begin..at]);
            begin = at + 1;
        }
        at += length;
    }
    (statements, &text[begin..])
}

/// The length in bytes of the first token of a text: a quoted text, a comment or a character.
fn token(text: &str) -> usize {
    let closed = |from: usize, end: &str| {
        text.get(from..).and_then(|rest| rest.find(end)).map_or(text.len(), |found| from + found + end.len())
    };
    match text.as_bytes() {
        // A doubled quote inside is an end and a beginning, which comes to the same.
        [b'\'', ..] => closed(1, "'"),
        [b'"', ..] => closed(1, "\""),
        [b'-', b'-', ..] => closed(2, "\n"),
        [b'/', b'*', ..] => closed(2, "*/"),
        _ => text.chars().next().map_or(1, char::len_utf8),
    }
}

fn is_blank(text: &str) -> bool {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let comment = rest.starts_with("--") || rest.starts_with("/*");
        if !comment && !rest.starts_with(char::is_whitespace) {
            return false;
        }
        at += token(rest);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_cut() {
        for (text, expected) in [
            ("", vec![]),
            (" ; ;\n-- nothing ; here\n", vec![]),
            ("SELECT 1", vec!["SELECT 1"]),
            ("SELECT 1; SELECT ';' ;", vec!["SELECT 1", "SELECT ';'"]),
            ("SELECT 'it''s;' -- a; b\n, 2; x", vec!["SELECT 'it''s;' -- a; b\n, 2", "x"]),
            ("SELECT \"a;b\" /* ; */; é", vec!["SELECT \"a;b\" /* ; */", "é"]),
            ("SELECT 'open ; ", vec!["SELECT 'open ;"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn a_statement_is_complete_at_its_semicolon() {
        for (text, complete) in
            [("SELECT 1;", true), ("SELECT 1; -- done", true), ("SELECT ';'", false), ("SELECT 1; SELECT", false)]
        {
            assert_eq!(is_complete(text), complete, "{text}");
        }
    }
}

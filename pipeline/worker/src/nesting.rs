//! Bounds how deep a source nests before anything recursive reads it: the parser, the visitors, the engine's compiler.
//! A rough scan that knows strings and comments; it never fails.
//!
//! The pipeline calls it for what it reads, and the engine for what a program compiles while it runs. Parser and
//! compiler use stack as they recurse, and no memory limit counts that.

/// The number of operators that one expression may chain: the tree of `a + a + …` is as deep as the expression is long.
const CHAIN_MAX: usize = 3_000;
/// The number of levels of indentation at which CPython's tokenizer stops.
const INDENTS_MAX: usize = 100;

/// The state of one level of brackets.
#[derive(Default, Clone, Copy)]
struct Level {
    /// Operators since the last comma.
    chain: usize,
    /// `lambda`s of the expression. A comma among their parameters ends no expression.
    lambdas: usize,
}

/// The line where the source nests too deep, and how.
#[must_use]
pub fn too_deep(source: &str, nesting_max: usize) -> Option<(usize, String)> {
    let bytes = source.as_bytes();
    let mut levels = vec![Level::default()];
    let mut chained = 0;
    let mut indents: Vec<usize> = Vec::new();
    let (mut at, mut line) = (0, 1);
    let mut at_line_start = true;
    while at < bytes.len() {
        if at_line_start && levels.len() == 1 {
            let width = bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count();
            at += width;
            at_line_start = false;
            if bytes.get(at).is_some_and(|byte| !matches!(byte, b'\n' | b'#')) {
                while indents.last().is_some_and(|&last| last > width) {
                    indents.pop();
                }
                if width > indents.last().copied().unwrap_or(0) {
                    indents.push(width);
                }
                if indents.len() > INDENTS_MAX {
                    return Some((line, format!("more than {INDENTS_MAX} levels of indentation")));
                }
            }
            continue;
        }
        if at_line_start {
            // No line inside brackets begins so: a bracket was never closed, which the parser will report.
            at_line_start = false;
            if [&b"def "[..], b"class ", b"import "].iter().any(|word| bytes[at..].starts_with(word)) {
                levels = vec![Level::default()];
                chained = 0;
            }
        }
        let byte = bytes[at];
        at += 1;
        let depth = levels.len() - 1;
        let Some(level) = levels.last_mut() else { break };
        let mut linked = false;
        match byte {
            b'\n' => {
                line += 1;
                at_line_start = true;
                if depth == 0 {
                    chained -= level.chain;
                    *level = Level::default();
                }
            }
            b'\\' if bytes.get(at) == Some(&b'\n') => {
                line += 1;
                at += 1;
            }
            b'#' => at += bytes[at..].iter().take_while(|&&byte| byte != b'\n').count(),
            b'"' | b'\'' => {
                let end = string_end(bytes, at - 1);
                line += bytes[at - 1..end].iter().filter(|&&byte| byte == b'\n').count();
                at = end;
            }
            b'(' | b'[' | b'{' => {
                linked = true;
                level.chain += 1;
                levels.push(Level::default());
                if levels.len() - 1 > nesting_max {
                    return Some((line, format!("brackets nest deeper than nesting_max = {nesting_max}")));
                }
            }
            b')' | b']' | b'}' if depth > 0 => {
                chained -= level.chain;
                levels.pop();
            }
            b',' | b';' => {
                chained -= level.chain;
                level.chain = level.lambdas;
                chained += level.chain;
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' | b'=' | b'.' => {
                linked = true;
                level.chain += 1;
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => {
                let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80;
                let end = at + bytes[at..].iter().take_while(is_name).count();
                if matches!(&bytes[at - 1..end], b"not" | b"if" | b"lambda" | b"await" | b"yield" | b"and" | b"or") {
                    linked = true;
                    level.chain += 1;
                    level.lambdas += usize::from(&bytes[at - 1..end] == b"lambda");
                }
                at = end;
            }
            // A number with its point and exponent counts as one word.
            b'0'..=b'9' => {
                at += bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'.').count();
            }
            _ => {}
        }
        if linked {
            chained += 1;
            if chained > CHAIN_MAX {
                return Some((line, format!("an expression chains more than {CHAIN_MAX} operators")));
            }
        }
    }
    None
}

/// The end of the string that begins at `start`. A string that is never closed ends with its line.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let triple = bytes[start..].starts_with(&[quote; 3]);
    let mut at = start + if triple { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' if !triple => return at,
            byte if byte == quote && !triple => return at + 1,
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3]) => return at + 3,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: &str) -> Option<usize> {
        too_deep(source, 200).map(|(line, _)| line)
    }

    #[test]
    fn deep_sources_are_refused_with_their_line() {
        assert_eq!(line(&format!("x = 1\ny = {}1{}", "(".repeat(201), ")".repeat(201))), Some(2));
        assert_eq!(line(&format!("'''\n\n'''\nx = {}1", "not ".repeat(5_000))), Some(4));
        assert_eq!(line(&format!("x = 1{}", "+1".repeat(5_000))), Some(1));
        assert_eq!(line(&format!("x = y{}", ".y".repeat(5_000))), Some(1));
        assert_eq!(line(&format!("x = {}1", "lambda a, b: ".repeat(5_000))), Some(1));
        assert_eq!(line(&format!("x = y{}", "(1)".repeat(5_000))), Some(1));
        let blocks: String = (0..120).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
        assert_eq!(line(&blocks), Some(102));
    }

    #[test]
    fn long_sources_that_are_flat_pass() {
        assert_eq!(line(&format!("y = {}1{}", "(".repeat(200), ")".repeat(200))), None);
        assert_eq!(line(&format!("x = [{}]", "-1.5, a + b, f(x).y, ".repeat(5_000))), None);
        assert_eq!(line(&"x = a + b.c(1)[2]\n".repeat(5_000)), None);
        assert_eq!(line(&format!("x = '''{}'''  # {}", "(".repeat(500), "(".repeat(500))), None);
        assert_eq!(line("x = '\\'(((\n# (((\n)))"), None);
        assert_eq!(line(&format!("x = (\n{}", "def f(:\n  return (a + b\n".repeat(2_000))), None);
    }
}

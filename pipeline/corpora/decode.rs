//! Bytes to text as Python does it: byte order mark, PEP 263 line, universal newlines.

use encoding_rs::{DecoderResult, Encoding, UTF_16BE, UTF_16LE};

/// The text and the name of its encoding, or what is wrong and at which byte.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, String), String> {
    let (rest, has_mark) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let declared = declared(rest);
    let name = declared.as_deref().map_or_else(|| "utf-8".to_owned(), normalised);
    if has_mark && name != "utf-8" {
        return Err(format!("a UTF-8 byte order mark, but the encoding line says `{name}`"));
    }
    let offset = bytes.len() - rest.len();
    let text = match name.as_str() {
        "utf-8" => match std::str::from_utf8(rest) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let at = error.valid_up_to();
                let line = 1 + rest[..at].iter().filter(|&&byte| byte == b'\n').count();
                let byte = rest.get(at).copied().unwrap_or_default();
                return Err(format!("byte 0x{byte:02x} at offset {} (line {line}) is not UTF-8", at + offset));
            }
        },
        "iso-8859-1" => encoding_rs::mem::decode_latin1(rest).into_owned(),
        "ascii" => match rest.iter().position(|byte| !byte.is_ascii()) {
            Some(at) => return Err(format!("byte 0x{:02x} at offset {} is not ASCII", rest[at], at + offset)),
            None => String::from_utf8_lossy(rest).into_owned(),
        },
        _ => decode_as(rest, &name)?,
    };
    Ok((text, name))
}

fn decode_as(bytes: &[u8], name: &str) -> Result<String, String> {
    let unknown = || format!("unknown encoding `{name}`");
    let encoding = Encoding::for_label_no_replacement(label(name).as_bytes()).ok_or_else(unknown)?;
    if encoding == UTF_16BE || encoding == UTF_16LE {
        return Err(unknown());
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let capacity = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    let mut text = String::with_capacity(capacity.unwrap_or(bytes.len().saturating_mul(3)));
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text),
        (DecoderResult::Malformed(length, after), read) => {
            let at = read.saturating_sub(usize::from(length) + usize::from(after));
            Err(format!("malformed {name} at offset {at}"))
        }
        (DecoderResult::OutputFull, read) => Err(format!("malformed {name} at offset {read}")),
    }
}

/// Python's names that the WHATWG list writes in another way.
fn label(name: &str) -> &str {
    match name {
        "cp932" | "ms932" | "mskanji" | "ms-kanji" | "sjis" | "shiftjis" => "shift_jis",
        "eucjp" | "ujis" => "euc-jp",
        "euckr" | "cp949" | "uhc" => "euc-kr",
        "cp936" | "936" => "gbk",
        "cp950" => "big5",
        "koi8-r" => "koi8-r",
        "latin2" | "latin-2" => "iso-8859-2",
        "iso-8859-15" | "latin9" | "latin-9" | "latin-0" => "iso-8859-15",
        "windows-1252" | "1252" => "cp1252",
        "windows-1251" | "1251" => "cp1251",
        other => other,
    }
}

/// A name as `tokenize` normalises it, with one name for each of the encodings handled here.
fn normalised(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let is = |wanted: &str| name == wanted || name.starts_with(&format!("{wanted}-"));
    if is("utf-8") || matches!(name.as_str(), "utf8" | "u8" | "utf" | "utf8-ucs2" | "utf8-ucs4" | "cp65001") {
        return "utf-8".to_owned();
    }
    if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") {
        return "iso-8859-1".to_owned();
    }
    match name.as_str() {
        "latin1" | "latin" | "l1" | "iso8859-1" | "8859" | "cp819" | "iso88591" => "iso-8859-1".to_owned(),
        "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" | "us" => "ascii".to_owned(),
        _ => name,
    }
}

/// The encoding that one of the first two lines declares (PEP 263).
fn declared(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.splitn(3, |&byte| byte == b'\n');
    for line in lines.by_ref().take(2) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
        match start.map(|start| &line[start..]) {
            Some([b'#', comment @ ..]) => {
                if let Some(name) = coding(comment) {
                    return Some(name);
                }
            }
            // A second line counts only after a comment or an empty line.
            Some(_) => return None,
            None => {}
        }
    }
    None
}

/// The name after `coding:` or `coding=`.
fn coding(comment: &[u8]) -> Option<String> {
    for at in 0..comment.len() {
        let Some(rest) = comment[at..].strip_prefix(b"coding") else { continue };
        let Some([b':' | b'=', rest @ ..]) = rest.get(..) else { continue };
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let name: Vec<u8> = rest[start..].iter().copied().take_while(is_name).collect();
        if !name.is_empty() {
            return String::from_utf8(name).ok();
        }
    }
    None
}

/// Line ends as `\n`.
pub(super) fn universal_newlines(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(bytes: &[u8], expected: Expect) {
        expected.assert_eq(&match decode(bytes) {
            Ok((text, encoding)) => format!("{encoding}: {text:?}"),
            Err(problem) => format!("error: {problem}"),
        });
    }

    #[test]
    fn python_decodes_so() {
        check(b"x = '\xc3\xa9'", expect![[r#"utf-8: "x = 'é'""#]]);
        check(b"\xef\xbb\xbfx = 1", expect![[r#"utf-8: "x = 1""#]]);
        check(
            b"# -*- coding: latin-1 -*-\n'\xe9\x80'",
            expect![[r##"iso-8859-1: "# -*- coding: latin-1 -*-\n'é\u{80}'""##]],
        );
        check(
            b"\n# vim: set fileencoding=cp1252 :\n'\x80'",
            expect![[r##"cp1252: "\n# vim: set fileencoding=cp1252 :\n'€'""##]],
        );
        check(b"# coding: koi8-r\n'\xc1'", expect![[r##"koi8-r: "# coding: koi8-r\n'а'""##]]);
        check(b"# coding=utf_8_sig\nx", expect![[r##"utf-8: "# coding=utf_8_sig\nx""##]]);
        check(b"x = 1\n# coding: latin-1\n", expect![[r##"utf-8: "x = 1\n# coding: latin-1\n""##]]);
    }

    #[test]
    fn what_cannot_be_decoded_names_the_byte() {
        check(b"x\n = '\xe9'", expect!["error: byte 0xe9 at offset 6 (line 2) is not UTF-8"]);
        check(b"# coding: ascii\n'\xe9'", expect!["error: byte 0xe9 at offset 17 is not ASCII"]);
        check(b"# coding: klingon\n", expect!["error: unknown encoding `klingon`"]);
        check(b"# coding: utf-16\n", expect!["error: unknown encoding `utf-16`"]);
        check(b"# coding: euc-jp\nab\xa4", expect!["error: malformed euc-jp at offset 19"]);
        check(
            b"\xef\xbb\xbf# coding: latin-1\n",
            expect!["error: a UTF-8 byte order mark, but the encoding line says `iso-8859-1`"],
        );
    }

    #[test]
    fn all_line_ends_become_one() {
        assert_eq!(universal_newlines("a\r\nb\rc\n\r\n".to_owned()), "a\nb\nc\n\n");
    }
}

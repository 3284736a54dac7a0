//! The modules and paths of a Rust file, read from its tokens: what it declares, imports and names in expressions, in
//! types and in macros. Used by `modules`.
//!
//! Tokens and not text, so that comments and string literals do not count, and so that `use crate::{a::b, c}` does.

use std::iter::Peekable;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The declarations and paths of one module, without the modules inside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModuleText {
    /// Modules that it declares.
    pub(super) children: Vec<Child>,
    /// What its `use` items bring in.
    pub(super) imports: Vec<Import>,
    /// Paths of two segments or more that stand elsewhere.
    pub(super) paths: Vec<Path>,
}

/// A module that another one declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Child {
    pub(super) name: String,
    /// Whether it is compiled for tests only.
    pub(super) is_test: bool,
    /// The file that `#[path]` names.
    pub(super) file: Option<String>,
    /// Its contents, where they are in the same file.
    pub(super) inline: Option<ModuleText>,
}

/// One leaf of a `use` tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) path: Path,
    /// The name that it gets here; `None` for `*`, and for `_`.
    pub(super) name: Option<String>,
    pub(super) is_glob: bool,
}

/// A path as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) segments: Vec<String>,
    /// Whether the item that it stands in is compiled for tests only.
    pub(super) is_test: bool,
}

type Tokens = Peekable<IntoIter>;

impl ModuleText {
    /// Reads a file.
    pub(super) fn parse(source: &str) -> Result<ModuleText, String> {
        let tokens: TokenStream = source.parse().map_err(|error: proc_macro2::LexError| error.to_string())?;
        let mut text = ModuleText::default();
        text.read(tokens, false);
        Ok(text)
    }

    fn read(&mut self, tokens: TokenStream, in_test: bool) {
        let mut tokens = tokens.into_iter().peekable();
        // The attributes of an item hold up to its end, which is a `;` or a body in braces.
        let (mut is_test, mut file) = (in_test, None);
        while let Some(token) = tokens.next() {
            let is_end = match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let is_inner = tokens.next_if(|token| is_punct(token, '!')).is_some();
                    if let Some(TokenTree::Group(group)) = tokens.next_if(|token| is_group(token, Delimiter::Bracket))
                        && !is_inner
                    {
                        let attribute = group.stream().to_string();
                        is_test |= attribute == "cfg (test)" || attribute == "test";
                        file = file.or(file_of_attribute(&attribute));
                    }
                    false
                }
                TokenTree::Punct(punct) => punct.as_char() == ';',
                TokenTree::Ident(word) if word == "mod" => self.read_module(&mut tokens, is_test, file.take()),
                TokenTree::Ident(word) if word == "use" => {
                    self.read_use(&mut tokens, Vec::new(), is_test);
                    false
                }
                TokenTree::Ident(word) => {
                    self.read_path(word.to_string(), &mut tokens, is_test);
                    false
                }
                TokenTree::Group(group) => {
                    self.read(group.stream(), is_test);
                    group.delimiter() == Delimiter::Brace
                }
                TokenTree::Literal(_) => false,
            };
            if is_end {
                (is_test, file) = (in_test, None);
            }
        }
    }

    /// A declaration of a module behind `mod`, and whether its body stands here.
    fn read_module(&mut self, tokens: &mut Tokens, is_test: bool, file: Option<String>) -> bool {
        let Some(TokenTree::Ident(name)) = tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) else {
            return false;
        };
        let body = tokens.next_if(|token| is_group(token, Delimiter::Brace));
        let inline = body.map(|body| {
            let mut text = ModuleText::default();
            if let TokenTree::Group(body) = body {
                text.read(body.stream(), is_test);
            }
            text
        });
        let is_here = inline.is_some();
        self.children.push(Child { name: name.to_string(), is_test, file, inline });
        is_here
    }

    /// A path that begins with this word; a word alone is none.
    fn read_path(&mut self, first: String, tokens: &mut Tokens, is_test: bool) {
        let mut segments = vec![first];
        while next_separator(tokens) {
            match tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) {
                Some(word) => segments.push(word.to_string()),
                // The arguments of a generic type, as in `Vec::<u8>`.
                None => break,
            }
        }
        if segments.len() > 1 {
            self.paths.push(Path { segments, is_test });
        }
    }

    /// A tree of a `use` item, behind a prefix, up to the comma or semicolon behind it.
    fn read_use(&mut self, tokens: &mut Tokens, mut segments: Vec<String>, is_test: bool) {
        let mut name = None;
        while let Some(token) = tokens.next_if(|token| !is_punct(token, ',') && !is_punct(token, ';')) {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = Some(tokens.next().map(|name| name.to_string()).filter(|name| name != "_"));
                }
                TokenTree::Ident(word) => segments.push(word.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    self.imports.push(Import { path: Path { segments, is_test }, name: None, is_glob: true });
                    return;
                }
                TokenTree::Group(group) => {
                    let mut inner = group.stream().into_iter().peekable();
                    while inner.peek().is_some() {
                        self.read_use(&mut inner, segments.clone(), is_test);
                        inner.next();
                    }
                    return;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        // `use a::{self}` is `use a`.
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        if !segments.is_empty() {
            let name = name.unwrap_or_else(|| segments.last().cloned());
            self.imports.push(Import { path: Path { segments, is_test }, name, is_glob: false });
        }
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// Takes `::`.
fn next_separator(tokens: &mut Tokens) -> bool {
    tokens.next_if(|token| is_punct(token, ':')).is_some() && tokens.next_if(|token| is_punct(token, ':')).is_some()
}

/// Whether a file builds a value of a struct with all fields named: `NAME { … }` without `..`.
pub(super) fn builds_struct(source: &str, name: &str) -> Result<bool, String> {
    let tokens: TokenStream = source.parse().map_err(|error: proc_macro2::LexError| error.to_string())?;
    Ok(has_struct_literal(tokens, name))
}

fn has_struct_literal(tokens: TokenStream, name: &str) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_word = |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(found) if found == word);
    tokens.iter().enumerate().any(|(index, token)| {
        let TokenTree::Group(group) = token else { return false };
        let is_named = index > 0 && is_word(&tokens[index - 1], name);
        // The body of an item, or of a function that returns the struct.
        let is_body = index > 1
            && (is_punct(&tokens[index - 2], '>')
                || ["struct", "impl", "for"].iter().any(|word| is_word(&tokens[index - 2], word)));
        let is_literal = group.delimiter() == Delimiter::Brace && is_named && !is_body && !has_rest(group.stream());
        is_literal || has_struct_literal(group.stream(), name)
    })
}

/// Whether `..` stands among the fields.
fn has_rest(fields: TokenStream) -> bool {
    let fields: Vec<TokenTree> = fields.into_iter().collect();
    fields.windows(2).any(|pair| pair.iter().all(|token| is_punct(token, '.')))
}

/// The file that the attribute `path = "FILE"` names.
fn file_of_attribute(attribute: &str) -> Option<String> {
    Some(attribute.strip_prefix("path = \"")?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths of a module, each with what it is; those for tests in brackets.
    fn listed(text: &ModuleText) -> Vec<String> {
        let mut all = Vec::new();
        let mut push = |path: &Path, what: String| {
            let path_text = format!("{what}{}", path.segments.join("::"));
            all.push(if path.is_test { format!("({path_text})") } else { path_text });
        };
        for import in &text.imports {
            match &import.name {
                Some(name) => push(&import.path, format!("{name} = ")),
                None => push(&import.path, if import.is_glob { "* = ".to_owned() } else { "_ = ".to_owned() }),
            }
        }
        text.paths.iter().for_each(|path| push(path, String::new()));
        all
    }

    #[test]
    fn use_trees_are_read_to_their_leaves() {
        let text = ModuleText::parse(
            "use crate::{functions::X, inputs::{self as given, a::B as C, _hidden as _}};\nuse super::*;\nuse self::x;",
        );
        let expected = [
            "X = crate::functions::X",
            "given = crate::inputs",
            "C = crate::inputs::a::B",
            "_ = crate::inputs::_hidden",
            "* = super",
            "x = self::x",
        ];
        assert_eq!(listed(&text.unwrap()), expected);
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let text = ModuleText::parse(
            r##"
            //! crate::not::this
            /* nor /* crate::this */ */
            #[derive(Debug)]
            struct S<T: crate::a::Trait> { field: Vec<super::b::Type> }
            impl crate::c::Trait for S<u8> {
                fn f(&self) -> Option<u8> {
                    let text = "crate::not::this"; let raw = r#"" crate::not::this"#; let c = '"';
                    assert!(matches!(self::d::f(), Some(_)), "{}", Vec::<crate::e::G>::new().len());
                    match text { label if other::f(label) => None, _ => Some(1) }
                }
            }
            macro_rules! m { ($x:expr) => { $crate::h::f($x) } }
            "##,
        );
        let expected = [
            "crate::a::Trait",
            "super::b::Type",
            "crate::c::Trait",
            "self::d::f",
            "crate::e::G",
            "other::f",
            "crate::h::f",
        ];
        assert_eq!(listed(&text.unwrap()), expected);
    }

    #[test]
    fn a_struct_is_built_where_all_its_fields_are_named() {
        let builds = |source: &str| builds_struct(source, "Job").unwrap();
        assert!(builds("fn f() -> Job { let x = 1; g(Job { ticket: 0, limits: Limits { a, ..b } }) }"));
        assert!(builds("fn f() { vec![trace::Job { ticket }] }"));
        for none in [
            "struct Job { ticket: u64 }",
            "impl Default for Job { fn default() -> Job { f() } }",
            "impl Job { const A: u8 = 0; }",
            "fn f() { g(Job { covers: true, ..h() }) }",
            "fn f() { let Job { kind, .. } = job; }",
            "fn f() { /* Job { ticket: 0 } */ g(\"Job { ticket: 0 }\", OtherJob { ticket: 0 }) }",
        ] {
            assert!(!builds(none), "{none}");
        }
    }

    #[test]
    fn what_is_compiled_for_tests_is_marked() {
        let text = ModuleText::parse(
            "#[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;\nmod plain;\n#[cfg(test)]\nuse crate::a::A;\nuse crate::b::B;\n\
             #[cfg(test)]\nmod inside { use crate::c::C; }\n#[test]\nfn t() { crate::d::f() }\nfn f() { crate::e::f() }\n\
             #[cfg(test)]\nconst X: [u8; 2] = [crate::g::X; 2];\nconst Y: u8 = crate::h::Y;",
        );
        let text = text.unwrap();
        let expected =
            ["(A = crate::a::A)", "B = crate::b::B", "(crate::d::f)", "crate::e::f", "(crate::g::X)", "crate::h::Y"];
        assert_eq!(listed(&text), expected);
        let children: Vec<_> =
            text.children.iter().map(|child| (child.name.as_str(), child.is_test, child.file.as_deref())).collect();
        assert_eq!(children, [("tests", true, Some("a_tests.rs")), ("plain", false, None), ("inside", true, None)]);
        assert_eq!(listed(text.children[2].inline.as_ref().unwrap()), ["(C = crate::c::C)"]);
    }
}

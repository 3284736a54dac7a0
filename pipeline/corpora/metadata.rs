//! Licence and repository from a distribution's `PKG-INFO` or `METADATA`.

use crate::config::CorpusConfig;
use crate::corpora::SourceFile;

/// The metadata of a distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    licence: Option<String>,
    repository: Option<String>,
}

impl Metadata {
    /// The metadata without what the configuration sets.
    pub(super) fn without_configured(self, corpus: &CorpusConfig) -> Self {
        Metadata {
            licence: self.licence.filter(|_| corpus.licence.is_none()),
            repository: self.repository.filter(|_| corpus.repository.is_none()),
        }
    }

    /// Copies it into a file of the distribution.
    pub(super) fn apply_to(self, found: SourceFile) -> SourceFile {
        SourceFile { licence: self.licence, repository: self.repository, ..found }
    }
}

/// Whether an entry is the distribution's own metadata: `NAME-1.0/PKG-INFO`, `NAME-1.0.dist-info/METADATA`.
pub(super) fn is_metadata(name: &str) -> bool {
    match name.trim_start_matches("./").split('/').collect::<Vec<_>>().as_slice() {
        ["PKG-INFO"] | [_, "PKG-INFO"] => true,
        [folder, "METADATA"] => folder.ends_with(".dist-info"),
        _ => false,
    }
}

/// Reads the headers.
pub(super) fn parse(text: &str) -> Metadata {
    let (mut expression, mut licence, mut classifier) = (None, None, None);
    let (mut repository, mut home_page) = (None, None);
    for line in text.lines().take_while(|line| !line.is_empty()) {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if value.is_empty() || value == "UNKNOWN" {
            continue;
        }
        match key.to_ascii_lowercase().as_str() {
            "license-expression" => expression = Some(value.to_owned()),
            // Some projects put the whole text of the licence here; its first line would say little.
            "license" if value.len() <= 100 => licence = Some(value.to_owned()),
            "classifier" => {
                if let Some(name) = value.strip_prefix("License :: ") {
                    classifier = Some(name.rsplit(" :: ").next().unwrap_or(name).to_owned());
                }
            }
            "home-page" => home_page = Some(value.to_owned()),
            "project-url" => {
                if let Some((label, url)) = value.split_once(',') {
                    match label.trim().to_ascii_lowercase().as_str() {
                        "source" | "source code" | "repository" | "code" | "github" => {
                            repository = Some(url.trim().to_owned());
                        }
                        "homepage" | "home" => home_page = home_page.or_else(|| Some(url.trim().to_owned())),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Metadata { licence: expression.or(licence).or(classifier), repository: repository.or(home_page) }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let Metadata { licence, repository } = parse(text);
        expected.assert_eq(&format!("{licence:?} {repository:?}"));
    }

    #[test]
    fn the_most_exact_header_wins() {
        check(
            "Name: a\nLicense: BSD\nLicense-Expression: BSD-3-Clause\nProject-URL: Source, https://example.org/a\n\
             Home-page: https://example.org",
            expect![[r#"Some("BSD-3-Clause") Some("https://example.org/a")"#]],
        );
        check(
            "License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\nHome-page: https://example.org\n\n\
             License: GPL",
            expect![[r#"Some("MIT License") Some("https://example.org")"#]],
        );
        check("Name: a", expect!["None None"]);
    }

    #[test]
    fn only_the_distributions_own_metadata_counts() {
        assert!(is_metadata("a-1.0/PKG-INFO") && is_metadata("a-1.0.dist-info/METADATA"));
        assert!(!is_metadata("a-1.0/tests/b.egg-info/PKG-INFO") && !is_metadata("a/METADATA"));
    }
}

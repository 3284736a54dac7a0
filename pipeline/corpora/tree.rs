//! Trees: the `.py` files below a folder, walked as ripgrep walks, never through symbolic links.

use std::ffi::OsStr;
use std::path::Path;

use ignore::WalkBuilder;

use crate::corpora::part_files::{CorpusFile, PartFiles, path_text};
use crate::corpora::{SourceBytes, SourceFile, TakeFiles};
use crate::error::Result;

/// The files of a tree, sorted by name, and how many symbolic links were left out.
///
/// Ignore files above the folder do not count, nor do the user's own: the same folder gives the same corpus anywhere.
pub(super) fn list(root: &Path, respect_ignore_files: bool) -> Result<(Vec<CorpusFile>, u64)> {
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false).follow_links(false).require_git(false);
    if respect_ignore_files {
        walk.hidden(true).ignore(true).git_ignore(true).git_exclude(true);
    }
    let mut files = Vec::new();
    let mut not_followed = 0;
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // A folder that cannot be listed still gets a row.
                let name = blamed(&error).and_then(|path| path.strip_prefix(root).ok().map(Path::to_owned));
                let name = name.unwrap_or_default();
                let path = root.join(&name);
                let name = path_text(name.as_os_str().as_encoded_bytes());
                files.push(CorpusFile { name, path, problem: Some(error.to_string()) });
                continue;
            }
        };
        let Some(kind) = entry.file_type() else { continue };
        if entry.path().extension() != Some(OsStr::new("py")) {
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if kind.is_file() {
            let name = path_text(relative.as_os_str().as_encoded_bytes());
            files.push(CorpusFile { name, path: entry.path().to_owned(), problem: None });
        } else if kind.is_symlink() {
            not_followed += 1;
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((files, not_followed))
}

/// The path of an error of the walk.
fn blamed(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => blamed(err),
        _ => None,
    }
}

/// Hands over the files of a unit; they are opened where they are read, in parallel.
pub(super) fn each(unit: &PartFiles, take: TakeFiles<'_>) -> Result<()> {
    let mut found = unit.files.iter().map(|file| {
        let body = match &file.problem {
            Some(problem) => SourceBytes::Unreadable(problem.clone()),
            None => SourceBytes::File(file.path.clone()),
        };
        Ok(SourceFile::new(file.name.clone(), body))
    });
    take(&mut found)
}

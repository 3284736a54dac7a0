//! The corpus that the executable carries: Python files of our own, small enough to read. Called by `tracemill demo`.

/// The files: name and text.
pub const CORPUS: [(&str, &str); 12] = [
    ("classes.py", include_str!("corpus/classes.py")),
    ("closures.py", include_str!("corpus/closures.py")),
    ("dictionaries.py", include_str!("corpus/dictionaries.py")),
    ("exceptions.py", include_str!("corpus/exceptions.py")),
    ("generators.py", include_str!("corpus/generators.py")),
    ("long_programs.py", include_str!("corpus/long_programs.py")),
    ("loops.py", include_str!("corpus/loops.py")),
    ("recursion.py", include_str!("corpus/recursion.py")),
    ("sorting.py", include_str!("corpus/sorting.py")),
    ("strings.py", include_str!("corpus/strings.py")),
    ("temperatures.py", include_str!("corpus/temperatures.py")),
    ("word_count.py", include_str!("corpus/word_count.py")),
];

/// Licence of these files: the repository's own.
pub const LICENCE: &str = "MIT OR Apache-2.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_carried() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipeline/demo/corpus");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".py"))
            .collect();
        names.sort();
        assert_eq!(names, CORPUS.map(|(name, _)| name));
    }
}

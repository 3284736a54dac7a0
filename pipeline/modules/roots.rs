//! The root of a file: the folder from which the name of its module counts. The rules look at paths alone.

/// How a root was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// The project is a wheel.
    Wheel,
    /// The file is in a package.
    Package,
    /// The file's folder is no package.
    Script,
}

impl FoundBy {
    /// The word in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            FoundBy::Wheel => "wheel",
            FoundBy::Package => "package",
            FoundBy::Script => "script",
        }
    }
}

/// The root of a file that is in no wheel; `is_package` says which folders have an `__init__.py`.
pub(super) fn tree_root(path: &str, is_package: impl Fn(&str) -> bool) -> (&str, FoundBy) {
    let mut folder = parent(path);
    if !is_package(folder) {
        return (folder, FoundBy::Script);
    }
    while !folder.is_empty() && is_package(folder) {
        folder = parent(folder);
    }
    (folder, FoundBy::Package)
}

/// The root of a file in a wheel: the top, or a folder that is installed as if it were the top.
pub(super) fn wheel_root(path: &str) -> &str {
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    let (Some(first), Some(second)) = (slashes.next(), slashes.next()) else { return "" };
    let is_installed = path[..first].ends_with(".data") && matches!(&path[first + 1..second], "purelib" | "platlib");
    if is_installed { &path[..second] } else { "" }
}

/// The folder of a path; empty for the top.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

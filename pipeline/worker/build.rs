//! Takes the version of the embedded engine from the lock file, so that tables name the one that was built.

use std::path::Path;

fn main() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    println!("cargo::rerun-if-changed=build.rs");
    match std::fs::read_to_string(&lock) {
        Ok(text) => match locked_versions(&text, "rustpython-vm")[..] {
            [version] => println!("cargo::rustc-env=RUSTPYTHON_VERSION={version}"),
            ref versions => println!("cargo::error={} locks rustpython-vm as {versions:?}", lock.display()),
        },
        Err(error) => println!("cargo::error=failed to read {}: {error}", lock.display()),
    }
}

/// The versions of a package in a lock file.
fn locked_versions<'a>(lock: &'a str, package: &str) -> Vec<&'a str> {
    let name = format!("name = \"{package}\"");
    let lines: Vec<&str> = lock.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0] == name);
    pairs.filter_map(|pair| pair[1].strip_prefix("version = \"")?.strip_suffix('"')).collect()
}

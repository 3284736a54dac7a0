//! The slices of a unit that needs names of other modules of its corpus: one for each module, with what the unit needs of
//! it. A unit stays a program that is whole in itself, and what is shown is what runs.
//!
//! - `module_code` is one module: its top-level statements, their names, their imports.
//! - `project` finds modules by the table `modules` and reads their texts.
//! - `closure` finds what a unit needs of which module.
//! - this file writes it as one source.

mod closure;
mod module_code;
mod project;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use tracemill_schemas::UnitSlice;

use closure::{Closure, Needed};
pub(in crate::functions) use closure::{NoSlices, UnitBlock};
use module_code::BlockCode;
pub(in crate::functions) use module_code::ModuleCode;
pub(in crate::functions) use project::{CorpusModules, Project};

/// The source of a unit that spans several modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::functions) struct SlicedUnit {
    /// The slices one after the other, each below a comment with its path.
    pub(in crate::functions) source: String,
    /// In the order of the source; the unit's own module last.
    pub(in crate::functions) slices: Vec<UnitSlice>,
    /// The line of the source on which the unit's own block begins.
    pub(in crate::functions) block_line: usize,
    /// Names that the unit's own slice binds.
    pub(in crate::functions) bound: BTreeSet<String>,
    /// Top-level modules outside of the corpus that it imports.
    pub(in crate::functions) imports: BTreeSet<String>,
}

/// Cuts a unit into slices; `None` where it needs its own module alone.
///
/// # Errors
/// Why it cannot be cut.
pub(in crate::functions) fn slice(
    project: &dyn Project,
    own: &Arc<ModuleCode>,
    unit: &UnitBlock<'_>,
) -> Result<Option<SlicedUnit>, NoSlices> {
    let bytes_max = unit.bytes_max;
    let closure = Closure::find(project, own, unit)?;
    if !closure.spans_modules() {
        return Ok(None);
    }
    let mut unit = SlicedUnit {
        source: String::new(),
        slices: Vec::new(),
        block_line: 1,
        bound: BTreeSet::new(),
        imports: BTreeSet::new(),
    };
    for name in closure.order() {
        let Some(needed) = closure.modules.get(name) else { continue };
        let is_own = name == own.name;
        unit.add(name, needed, &closure, project, is_own);
    }
    if unit.source.len() > bytes_max { Err(NoSlices::TooLong) } else { Ok(Some(unit)) }
}

impl SlicedUnit {
    fn add(&mut self, name: &str, needed: &Needed, closure: &Closure<'_>, project: &dyn Project, is_own: bool) {
        let blocks = closure.blocks_of(needed);
        let first_line = lines(&self.source) + 1;
        let Some(code) = needed.code.as_ref().filter(|_| !blocks.is_empty()) else {
            self.slices.push(UnitSlice {
                module: name.to_owned(),
                is_package: needed.is_package,
                path: needed.code.as_ref().map(|code| code.path.clone()),
                first_line: number(first_line),
                line_count: 0,
            });
            return;
        };
        self.source.push_str(&format!("# {}\n", code.path));
        for block in blocks {
            if is_own && block == closure.own_block() {
                self.block_line = lines(&self.source) + 1;
            }
            let BlockCode { range, import_roots, .. } = &code.blocks[block];
            match shortened(code, needed, block, project) {
                Some(text) => self.source.push_str(&text),
                None => self.source.push_str(&code.source[range.clone()]),
            }
            self.source.push('\n');
            self.imports.extend(import_roots.iter().filter(|root| !leads_to_corpus(code, root, project)).cloned());
        }
        if is_own {
            self.bound = code
                .binders
                .iter()
                .filter(|(_, at)| at.iter().any(|at| needed.blocks.contains(at)))
                .map(|(name, _)| name.clone())
                .collect();
            // As the source of any other unit, it ends without a line end.
            self.source.pop();
        }
        self.slices.push(UnitSlice {
            module: name.to_owned(),
            is_package: needed.is_package,
            path: Some(code.path.clone()),
            first_line: number(first_line),
            line_count: number(lines(&self.source) + usize::from(is_own) + 1 - first_line),
        });
    }
}

/// Whether a top-level module that a module imports is one of the corpus; all relative imports are.
fn leads_to_corpus(code: &ModuleCode, root: &str, project: &dyn Project) -> bool {
    root.starts_with('.') || project.find(&code.path, root).is_some()
}

/// An import statement with the needed names alone; `None` for any other statement, and where all its names are needed.
fn shortened(code: &ModuleCode, needed: &Needed, block: usize, project: &dyn Project) -> Option<String> {
    let BlockCode { is_import, imports, .. } = &code.blocks[block];
    let is_needed = |bound: &String| needed.bound.contains(&(block, bound.clone()));
    // What a library has, it has whole.
    let is_of_corpus = imports.iter().any(|import| project.find(&code.path, &import.loaded).is_some());
    if !is_import || !is_of_corpus || imports.iter().all(|import| is_needed(&import.bound)) {
        return None;
    }
    let kept: Vec<&str> =
        imports.iter().filter(|import| is_needed(&import.bound)).map(|import| import.text.as_str()).collect();
    Some(format!("{}{}", imports.first()?.opening, kept.join(", ")))
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

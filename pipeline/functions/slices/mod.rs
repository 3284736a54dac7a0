//! The slices of a unit that needs names of other modules of its corpus: one for each module, with what the unit needs of
//! it. A unit stays a program that is whole in itself, and what is shown is what runs.
//!
//! - `module_code` is one module: its top-level statements; `uses` is what each uses, `class_code` the methods of a class.
//! - `project` finds modules by the table `modules` and reads their texts.
//! - `closure` finds what a unit needs of which module.
//! - this file writes it as one source.

mod class_code;
mod closure;
mod module_code;
mod project;
#[cfg(test)]
mod tests;
mod uses;

use std::collections::BTreeSet;
use std::sync::Arc;

use tracemill_schemas::UnitSlice;

use closure::{Closure, Needed};
pub(in crate::functions) use closure::{NoSlices, UnitBlock};
use module_code::BlockCode;
pub(in crate::functions) use module_code::ModuleCode;
pub(in crate::functions) use project::{CorpusModules, Project};
use uses::Uses;

/// The source of a unit that spans several modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::functions) struct SlicedUnit {
    /// The slices one after the other, each below a comment with its path below the root of its package.
    pub(in crate::functions) source: String,
    /// In the order of the source; the unit's own module last.
    pub(in crate::functions) slices: Vec<UnitSlice>,
    /// The line of the source with the unit's name in its definition.
    pub(in crate::functions) unit_line: usize,
    /// Names that the unit's own slice binds.
    pub(in crate::functions) bound: BTreeSet<String>,
    /// Top-level modules outside of the corpus that it imports.
    pub(in crate::functions) imports: BTreeSet<String>,
}

/// Cuts a unit into slices; `None` where it needs its own module alone, unless methods are dropped.
///
/// # Errors
/// Why it cannot be cut.
pub(in crate::functions) fn slice(
    project: &dyn Project,
    own: &Arc<ModuleCode>,
    unit: &UnitBlock<'_>,
) -> Result<Option<SlicedUnit>, NoSlices> {
    let closure = Closure::find(project, own, unit)?;
    let spans_modules = closure.spans_modules();
    if !spans_modules && !unit.drops_methods {
        return Ok(None);
    }
    let mut sliced = SlicedUnit {
        source: String::new(),
        slices: Vec::new(),
        unit_line: 1,
        bound: BTreeSet::new(),
        imports: BTreeSet::new(),
    };
    for name in closure.order() {
        let Some(needed) = closure.modules.get(name) else { continue };
        if name == own.name {
            sliced.add_own(name, needed, &closure, project, unit, spans_modules);
        } else if spans_modules {
            sliced.add(name, needed, &closure, project);
        }
    }
    if sliced.source.len() > unit.bytes_max { Err(NoSlices::TooLong) } else { Ok(Some(sliced)) }
}

impl SlicedUnit {
    /// Adds the slice of another module than the unit's own.
    fn add(&mut self, name: &str, needed: &Needed, closure: &Closure<'_>, project: &dyn Project) {
        let blocks = closure.blocks_of(needed);
        let first_line = lines(&self.source) + 1;
        let mut path = None;
        if let Some(code) = &needed.code {
            path = Some(code.path.clone());
            if !blocks.is_empty() {
                self.source.push_str(&format!("# {}\n", code.shown_path()));
            }
            for block in blocks {
                self.add_block(code, needed, block, project);
                self.source.push('\n');
            }
        }
        self.slices.push(UnitSlice {
            module: name.to_owned(),
            is_package: needed.is_package,
            path,
            first_line: number(first_line),
            line_count: number(lines(&self.source) + 1 - first_line),
        });
    }

    /// Adds the slice of the unit's own module, which is the last one.
    fn add_own(
        &mut self,
        name: &str,
        needed: &Needed,
        closure: &Closure<'_>,
        project: &dyn Project,
        unit: &UnitBlock<'_>,
        spans_modules: bool,
    ) {
        let Some(code) = &needed.code else { return };
        let first_line = lines(&self.source) + 1;
        if spans_modules {
            self.source.push_str(&format!("# {}\n", code.shown_path()));
        }
        for block in closure.blocks_of(needed) {
            if block == unit.block {
                let before = kept_text(code, needed, block, unit.name_at);
                self.unit_line = lines(&self.source) + 1 + lines(&before);
            }
            self.add_block(code, needed, block, project);
            self.source.push('\n');
        }
        // As the source of any other unit, it ends without a line end.
        self.source.pop();
        let is_needed = |places: &Vec<usize>| places.iter().any(|place| needed.blocks.contains(place));
        let bound = code.binders.iter().filter(|(_, places)| is_needed(places));
        self.bound = bound.map(|(name, _)| name.clone()).collect();
        if spans_modules {
            self.slices.push(UnitSlice {
                module: name.to_owned(),
                is_package: needed.is_package,
                path: Some(code.path.clone()),
                first_line: number(first_line),
                line_count: number(lines(&self.source) + 2 - first_line),
            });
        }
    }

    fn add_block(&mut self, code: &ModuleCode, needed: &Needed, block: usize, project: &dyn Project) {
        let BlockCode { range, import_roots, .. } = &code.blocks[block];
        match shortened(code, needed, block, project) {
            Some(text) => self.source.push_str(&text),
            None => self.source.push_str(kept_text(code, needed, block, range.end).trim_end()),
        }
        self.imports.extend(import_roots.iter().filter(|root| !leads_to_corpus(code, root, project)).cloned());
    }
}

/// The text of a block up to a place, without the methods that are not needed.
fn kept_text(code: &ModuleCode, needed: &Needed, block: usize, end: usize) -> String {
    let BlockCode { range, class, .. } = &code.blocks[block];
    let mut text = String::new();
    let mut at = range.start;
    if let (Some(class), Some(kept)) = (class, needed.methods.get(&block)) {
        for (place, method) in class.methods.iter().enumerate() {
            if !kept.contains(&place) && method.lines.start < end {
                text.push_str(&code.source[at..method.lines.start]);
                at = method.lines.end.min(range.end);
            }
        }
    }
    text.push_str(&code.source[at..end.max(at)]);
    text
}

/// Whether a top-level module that a module imports is one of the corpus; all relative imports are.
fn leads_to_corpus(code: &ModuleCode, root: &str, project: &dyn Project) -> bool {
    root.starts_with('.') || project.find(&code.path, root).is_some()
}

/// An import statement with the needed names alone; `None` for any other statement, and where all its names are needed.
fn shortened(code: &ModuleCode, needed: &Needed, block: usize, project: &dyn Project) -> Option<String> {
    let BlockCode { is_import, uses: Uses { imports, .. }, .. } = &code.blocks[block];
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

//! The modules of a corpus as units find them: by the imports of `modules`, with their texts from `corpora`. Texts are read
//! when a unit needs them, and a bounded number of them is kept.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::modules::ModulesRow;

use super::module_code::ModuleCode;
use crate::dataset::{FileEntry, read_rows};
use crate::error::Result;
use crate::functions::blocks::Blocks;
use crate::functions::dependencies::CorpusFiles;
use crate::python;
use crate::stage::Context;

/// A module that an import leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::functions) struct FoundModule {
    /// Its full name.
    pub(super) name: String,
    /// Its path in the corpus; `None` for a package without a file.
    pub(super) path: Option<String>,
    pub(super) is_package: bool,
}

/// The modules of a corpus, as its files find them.
pub(in crate::functions) trait Project: Sync {
    /// The name of the module at a path, and whether it is a package; `None` where no import can name it.
    fn named(&self, path: &str) -> Option<(&str, bool)>;

    /// The module that a full name leads to in the file at `path`; `None` where that is no module of the corpus.
    fn find(&self, path: &str, name: &str) -> Option<FoundModule>;

    /// The module of that name below a package.
    fn below(&self, module: &FoundModule, name: &str) -> Option<FoundModule>;

    /// A module's code; `None` for a package without a file, and where it cannot be read.
    fn code(&self, module: &FoundModule) -> Option<Arc<ModuleCode>>;
}

/// A module of the table.
#[derive(Debug)]
struct Entry {
    name: String,
    is_package: bool,
    root: String,
    /// Modules of the corpus that it imports, by their full names; `None` for a package without a file.
    imports: BTreeMap<String, Option<String>>,
    /// The file of `corpora` that has it.
    file: usize,
}

/// The modules of one corpus.
#[derive(Debug)]
pub(in crate::functions) struct CorpusModules {
    context: Context,
    files: Vec<FileEntry>,
    entries: HashMap<String, Entry>,
    /// Paths by root and full name.
    by_name: HashMap<(String, String), String>,
    cache: Mutex<Cache>,
}

/// Texts of the files of `corpora` that were read last, and modules that were read last.
#[derive(Debug, Default)]
struct Cache {
    texts: VecDeque<(usize, HashMap<String, String>)>,
    modules: HashMap<String, Option<Arc<ModuleCode>>>,
    /// The order in which modules came.
    order: VecDeque<String>,
    bytes: usize,
}

/// Files of `corpora` whose texts are kept.
const TEXTS: usize = 2;
/// Bytes of the texts of the modules that are kept.
const BYTES: usize = 64 << 20;

impl CorpusModules {
    /// Reads the modules of a corpus.
    ///
    /// # Errors
    /// A file of the dataset cannot be read, or the user asks to stop.
    pub(in crate::functions) fn read(cx: &Context, files: &CorpusFiles, corpus: &str) -> Result<Self> {
        let (mut entries, mut by_name) = (HashMap::new(), HashMap::new());
        for file in files.parts_of(corpus) {
            cx.cancel.check()?;
            for rows in read_rows::<ModulesRow>(&cx.dataset.part("modules", &files.modules[file].key))? {
                for row in rows? {
                    let Some(name) = row.module else { continue };
                    let imports = row.imports.into_iter().filter(|import| import.leads_to == "corpus");
                    let imports = imports.map(|import| (import.module, import.path)).collect();
                    by_name.insert((row.root.clone(), name.clone()), row.path.clone());
                    let (is_package, root) = (row.is_package, row.root);
                    entries.insert(row.path, Entry { name, is_package, root, imports, file });
                }
            }
        }
        let (context, files, cache) = (cx.clone(), files.corpora.clone(), Mutex::default());
        Ok(CorpusModules { context, files, entries, by_name, cache })
    }

    fn module_at(&self, path: &str) -> Option<FoundModule> {
        let Entry { name, is_package, .. } = self.entries.get(path)?;
        Some(FoundModule { name: name.clone(), path: Some(path.to_owned()), is_package: *is_package })
    }

    fn read_code(&self, cache: &mut Cache, path: &str) -> Option<Arc<ModuleCode>> {
        let entry = self.entries.get(path)?;
        if !cache.texts.iter().any(|(file, _)| *file == entry.file) {
            let file = self.files.get(entry.file)?;
            let mut texts = HashMap::new();
            // The driver has verified the file. Where it fails all the same, its modules are missing.
            for rows in read_rows::<CorporaRow>(&self.context.dataset.part("corpora", &file.key)).ok()? {
                texts.extend(rows.ok()?.into_iter().filter_map(|row| Some((row.path, row.content?))));
            }
            cache.texts.push_back((entry.file, texts));
            if cache.texts.len() > TEXTS {
                cache.texts.pop_front();
            }
        }
        let (_, texts) = cache.texts.iter().find(|(file, _)| *file == entry.file)?;
        let source = texts.get(path)?;
        let parsed = python::parse(source)?;
        let blocks = Blocks::read(parsed.suite());
        Some(Arc::new(ModuleCode::read(path, &entry.name, entry.is_package, source, &blocks)))
    }
}

impl Project for CorpusModules {
    fn named(&self, path: &str) -> Option<(&str, bool)> {
        self.entries.get(path).map(|entry| (entry.name.as_str(), entry.is_package))
    }

    fn find(&self, path: &str, name: &str) -> Option<FoundModule> {
        let from = self.entries.get(path)?;
        match from.imports.get(name) {
            // A module that is reached by another name than its own would be another module.
            Some(Some(path)) => self.module_at(path).filter(|module| module.name == name),
            Some(None) => Some(FoundModule { name: name.to_owned(), path: None, is_package: true }),
            None => self.module_at(self.by_name.get(&(from.root.clone(), name.to_owned()))?),
        }
    }

    fn below(&self, module: &FoundModule, name: &str) -> Option<FoundModule> {
        let root = match &module.path {
            Some(path) => &self.entries.get(path)?.root,
            None => return None,
        };
        self.module_at(self.by_name.get(&(root.clone(), format!("{}.{name}", module.name)))?)
    }

    fn code(&self, module: &FoundModule) -> Option<Arc<ModuleCode>> {
        let path = module.path.as_ref()?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = cache.modules.get(path) {
            return code.clone();
        }
        let code = self.read_code(&mut cache, path);
        cache.bytes += code.as_ref().map_or(0, |code| code.source.len());
        cache.modules.insert(path.clone(), code.clone());
        cache.order.push_back(path.clone());
        while cache.bytes > BYTES {
            let Some(oldest) = cache.order.pop_front() else { break };
            let gone = cache.modules.remove(&oldest).flatten();
            cache.bytes -= gone.map_or(0, |code| code.source.len());
        }
        code
    }
}

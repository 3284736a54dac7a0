//! `modules`: how imports reach the Python files, and where their own imports lead. Written by the modules stage, read
//! by SQL users. About 500 bytes a row.

crate::table! {
    /// One row is one parsed Python file that is no benchmark's record: the name by which an import reaches it, and every
    /// module that it imports.
    MODULES: ModulesRow, ModulesRef, ModulesBuilder {
        name: "modules",
        version: 1,
        written_by: "the modules stage",
        read_by: "the functions stage",
        sort_key: [corpus, path],
        columns: {
            /// The file.
            file_id: String [Plain];
            /// The file's corpus.
            corpus: String [Dictionary];
            /// The file's path.
            path: String [Plain];
            /// Its full dotted name, such as `acme.text.count`; of an `__init__.py`, the name of the package.
            module: Option<String> [Plain] null "a component of the path below the root is no identifier or a keyword, or the file is an `__init__.py` in the root";
            /// It is an `__init__.py`.
            is_package: bool [Plain];
            /// The folder inside the corpus from which the name counts; empty for the top of the corpus.
            root: String [Dictionary];
            /// How the root was found: `wheel` (the top of the wheel), `package` (the folder above the topmost of the
            /// folders around the file that have an `__init__.py` without a gap), or `script` (the file's folder, which has
            /// no `__init__.py`).
            found_by: String [Dictionary];
            /// The modules that its import statements name, wherever they stand in the file, sorted by name, each once.
            /// `import a.b` names `a` and `a.b`; `from a.b import c` names `a.b`, and `a.b.c` if that is a module of the corpus.
            /// `leads_to` is `corpus`, `standard` (the standard library) or `missing`. `path` is the file in the corpus; null
            /// where there is none, and for a namespace package, which is a folder.
            imports: Vec<crate::ModuleImport> [Plain];
        }
    }
}

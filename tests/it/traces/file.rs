//! Files of programs with their tables, as Markdown: read and written back.

use std::fs;
use std::path::Path;

/// A file of programs.
pub(super) struct File {
    /// Its name.
    pub(super) name: String,
    /// What stands before the first program.
    head: String,
    /// The programs.
    pub(super) programs: Vec<Program>,
}

/// A program and what is known about it.
#[derive(Default)]
pub(super) struct Program {
    /// What it is about.
    pub(super) title: String,
    /// The expression to trace; empty for a whole program.
    pub(super) call: String,
    /// Statements before the call.
    pub(super) setup: String,
    /// What it reads from standard input.
    pub(super) stdin: String,
    /// The lines that say so, as written.
    settings: Vec<String>,
    /// The source, the tables, the differences, in the order in which they stand.
    pub(super) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// What it holds.
    pub(super) kind: Kind,
    /// Its lines.
    pub(super) lines: Vec<String>,
}

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The source.
    Python,
    /// The table of events at line granularity.
    Events,
    /// The table of events at instruction granularity.
    Instructions,
    /// Where the engine goes its own way in the table before.
    Difference,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Python, Kind::Events, Kind::Instructions, Kind::Difference];

    fn name(self) -> &'static str {
        match self {
            Kind::Python => "python",
            Kind::Events => "events",
            Kind::Instructions => "instructions",
            Kind::Difference => "difference",
        }
    }
}

impl File {
    /// Reads a file; anything in it that has no meaning here is an error.
    pub(super) fn read(path: &Path) -> Self {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        let mut file = File { name, head: String::new(), programs: Vec::new() };
        let mut open: Option<Block> = None;
        for line in text.lines() {
            if let Some(block) = &mut open {
                if line == "```" {
                    file.programs.last_mut().unwrap().blocks.extend(open.take());
                } else {
                    block.lines.push(line.to_owned());
                }
            } else if let Some(title) = line.strip_prefix("## ") {
                file.programs.push(Program { title: title.to_owned(), ..Program::default() });
            } else if let Some(program) = file.programs.last_mut() {
                open = program.take(line, &file.name);
            } else {
                file.head.push_str(line);
                file.head.push('\n');
            }
        }
        assert!(open.is_none(), "{}: a block has no end", file.name);
        file
    }

    /// Writes the file back in the form that the generator gives it.
    pub(super) fn write(&self, path: &Path) {
        let mut text = self.head.clone();
        for (at, program) in self.programs.iter().enumerate() {
            let blocks = program
                .blocks
                .iter()
                .map(|block| format!("```{}\n{}\n```", block.kind.name(), block.lines.join("\n")))
                .collect::<Vec<_>>();
            let parts = std::iter::once(format!("## {}", program.title))
                .chain(blocks.first().cloned())
                .chain(program.settings.iter().cloned())
                .chain(blocks.iter().skip(1).cloned())
                .collect::<Vec<_>>();
            text.push_str(if at > 0 { "\n" } else { "" });
            text.push_str(&parts.join("\n\n"));
            text.push('\n');
        }
        fs::write(path, text).unwrap();
    }
}

impl Program {
    /// Takes a line outside any block; gives the block that it begins, if it does.
    fn take(&mut self, line: &str, file: &str) -> Option<Block> {
        if let Some(name) = line.strip_prefix("```") {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
            let kind = kind.unwrap_or_else(|| panic!("{file}: {}: what is a block of `{name}`?", self.title));
            return Some(Block { kind, lines: Vec::new() });
        }
        if line.is_empty() {
            return None;
        }
        self.settings.push(line.to_owned());
        let setting = line.strip_suffix('`').and_then(|line| line.split_once(": `"));
        match setting {
            Some(("call", value)) => self.call = value.to_owned(),
            Some(("setup", value)) => self.setup = value.to_owned(),
            Some(("stdin", value)) => self.stdin = serde_json::from_str(value).unwrap(),
            _ => panic!("{file}: {}: what is `{line}`?", self.title),
        }
        None
    }

    /// The source.
    pub(super) fn source(&self) -> String {
        assert_eq!(self.blocks[0].kind, Kind::Python, "{}: the source comes first", self.title);
        self.blocks[0].lines.join("\n") + "\n"
    }
}

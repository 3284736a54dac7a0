// Writes the tables of the Markdown files beside this one: runs reference.py under CPython 3.14 on each program.
//
// Usage: PYODIDE=DIR node generate.mjs [--check] [FILE.md ...]      (see README.md; --check only says what differs)
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./pyodide.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes("--check");
const given = process.argv.slice(2).filter((word) => word !== "--check");
const files = given.length > 0
  ? given.map((file) => resolve(file))
  : readdirSync(here).filter((name) => name.endsWith(".md") && name !== "README.md").sort().map((name) => join(here, name));

// Cuts a file into what stands before the first program and the programs, each as its title and blocks.
function parse(text, file) {
  const sections = text.split(/^(?=## )/m);
  const head = sections[0].startsWith("## ") ? "" : sections.shift();
  const programs = sections.map((section) => {
    const program = { title: section.slice(3, section.indexOf("\n")), settings: {}, blocks: [] };
    let block = null;
    for (const line of section.split("\n").slice(1)) {
      const setting = line.match(/^(call|setup|stdin): `(.*)`$/);
      if (block !== null && line === "```") {
        program.blocks.push(block);
        block = null;
      } else if (block !== null) {
        block.lines.push(line);
      } else if (line.startsWith("```")) {
        block = { kind: line.slice(3), lines: [] };
      } else if (setting) {
        program.settings[setting[1]] = setting[2];
      } else if (line !== "") {
        throw new Error(`${file}: ${program.title}: what is \`${line}\`?`);
      }
    }
    return program;
  });
  return { head, programs };
}

function job(program, granularity) {
  const source = program.blocks.find((block) => block.kind === "python").lines.join("\n") + "\n";
  const { call = "", setup = "", stdin } = program.settings;
  const wishes = granularity === "line" ? { iterators: true } : { granularity, stack: true };
  return { source, call, setup, stdin: stdin ? JSON.parse(stdin) : "", program: call === "", ...wishes };
}

// What happened at an event beside its place: changes, value, exception, output.
function details(event) {
  const parts = event.changes.map(([scope, name, action, repr]) => {
    const variable = scope === "local" ? name : `${scope} ${name}`;
    return action === "deleted" ? `${variable} (deleted)` : `${variable}=${repr} (${action})`;
  });
  if (event.value !== null) parts.push(`-> ${event.value}`);
  if (event.exception !== null) parts.push(`! ${event.exception}`);
  if (event.output !== "") parts.push(`prints ${JSON.stringify(event.output)}`);
  return parts.join(", ").replaceAll("\n", "\\n");
}

const frame = (event) => `${event.function}#${event.frame}`;
const loops = (event) => event.iterators.map(([line, kind, count]) => `${line} ${kind} ${count}`).join(", ");

function events(answer) {
  const rows = answer.events.map((event, at) => [at, event.kind, frame(event), event.line, loops(event), details(event)]);
  return table(["#", "kind", "frame", "line", "loops", "what happened"], rows, answer);
}

function instructions(answer) {
  const rows = answer.events.map((event, at) => {
    const stack = event.kind === "instruction" ? `[${event.stack.join(", ")}]` : "";
    const what = event.kind === "instruction" ? `${event.opcode} ${event.arg}`.trim() : event.kind;
    return [at, frame(event), event.line, stack.replaceAll("\n", "\\n"), what, details(event)];
  });
  return table(["#", "frame", "line", "stack before", "instruction", "what happened"], rows, answer);
}

// Columns between bars, as wide as they must be; the last line says how it ended.
function table(header, rows, answer) {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => [...row[column]].length)));
  const lines = cells.map((row) => {
    const padded = row.map((cell, column) => {
      const blanks = " ".repeat(widths[column] - [...cell].length);
      return header[column] === "#" || header[column] === "line" ? blanks + cell : cell + blanks;
    });
    return padded.join(" | ").trimEnd();
  });
  const exception = answer.exception && answer.exception.type + (answer.exception.message && `: ${answer.exception.message}`);
  lines.push([answer.outcome, exception ?? answer.result ?? ""].join(" ").trimEnd().replaceAll("\n", "\\n"));
  return lines;
}

const parsed = files.map((file) => ({ file, text: readFileSync(file, "utf8") })).map((entry) => ({
  ...entry,
  ...parse(entry.text, basename(entry.file)),
}));
const jobs = [];
for (const { file, programs } of parsed) {
  for (const program of programs) {
    const name = `${basename(file)}: ${program.title}`;
    if (!program.blocks.some((block) => block.kind === "events")) {
      program.blocks.splice(1, 0, { kind: "events", lines: [] });
    }
    for (const block of program.blocks) {
      if (block.kind === "events") jobs.push({ name, block, make: events, job: job(program, "line") });
      if (block.kind === "instructions") jobs.push({ name, block, make: instructions, job: job(program, "instruction") });
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), "traces-"));
try {
  const [asked, told] = [join(folder, "jobs"), join(folder, "events")];
  writeFileSync(asked, jobs.map(({ job }, id) => JSON.stringify({ id, ...job }) + "\n").join(""));
  await run(asked, told);
  readFileSync(told, "utf8").trim().split("\n").map((line) => JSON.parse(line)).forEach((answer, at) => {
    const { name, block, make } = jobs[at];
    if (!["returned", "raised", "exited"].includes(answer.outcome)) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    block.lines = make(answer);
  });
} finally {
  rmSync(folder, { recursive: true });
}

let stale = 0;
for (const { file, text, head, programs } of parsed) {
  const written = head + programs.map(({ title, settings, blocks }) => {
    const [python, ...rest] = blocks.map(({ kind, lines }) => ["```" + kind, ...lines, "```"].join("\n"));
    const lines = Object.entries(settings).map(([key, value]) => `${key}: \`${value}\``);
    return [`## ${title}`, python, ...lines, ...rest].join("\n\n") + "\n";
  }).join("\n");
  if (written !== text) {
    stale += 1;
    console.log(`${check ? "differs" : "written"}: ${basename(file)}`);
    if (!check) writeFileSync(file, written);
  }
}
process.exit(check && stale > 0 ? 1 : 0);

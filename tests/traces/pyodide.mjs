// Runs reference.py under CPython 3.14: the npm package `pyodide` is CPython as WebAssembly.
//
// Usage: PYODIDE=DIR node pyodide.mjs JOBS EVENTS      (DIR holds node_modules/pyodide; default: here)
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const here = dirname(fileURLToPath(import.meta.url));

// A CPython with a fixed hash seed that sees this machine's files under `/machine`.
export async function start() {
  const require = createRequire(pathToFileURL(resolve(process.env.PYODIDE ?? here) + "/"));
  const { loadPyodide } = await import(pathToFileURL(resolve(dirname(require.resolve("pyodide")), "pyodide.mjs")));
  const python = await loadPyodide({ env: { PYTHONHASHSEED: "0", HOME: "/home" } });
  python.FS.mkdir("/machine");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: "/" }, "/machine");
  python.FS.writeFile("/reference.py", readFileSync(resolve(here, "reference.py")));
  python.runPython("import sys; sys.path.insert(0, '/'); import reference");
  // It is a machine of 32 bits; programs should not be told. (The hashes of texts stay other ones than on 64 bits.)
  python.runPython("sys.maxsize = 2**63 - 1");
  return python;
}

// Runs a file of jobs into a file of events.
export async function run(jobs, events) {
  const python = await start();
  const main = python.runPython("reference.main");
  main("/machine" + resolve(jobs), "/machine" + resolve(events));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  if (process.argv.length !== 4) {
    console.error("usage: PYODIDE=DIR node pyodide.mjs JOBS EVENTS");
    process.exit(2);
  }
  await run(process.argv[2], process.argv[3]);
}

// The runner under chaos: the real program, and a journal outside its sandbox of every line that it writes to a spool.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname, join } from "node:path";
import { journalFolder } from "./world/journal.ts";

const { openSync, writeSync, appendFileSync, mkdirSync } = fs;
const stateDir = process.env["BERTH_STATE_DIR"] ?? "";
// <home>/workspaces/<workspace>/state
const folder = journalFolder(join(stateDir, "..", "..", ".."));
const journals = new Map<number, string>();

fs.openSync = ((path: unknown, ...rest: [string]) => {
  const file = openSync(path as string, ...rest);
  journals.delete(file);
  if (typeof path === "string" && basename(path) === "spool.jsonl") {
    const sessionId = basename(dirname(path));
    mkdirSync(join(folder, sessionId), { recursive: true });
    journals.set(file, join(folder, sessionId, `${process.pid}.jsonl`));
  }
  return file;
}) as typeof openSync;

fs.writeSync = ((file: number, bytes: Buffer, ...[from, ...rest]: [number, number, number]) => {
  const written = writeSync(file, bytes, from, ...rest);
  const journal = journals.get(file);
  if (journal !== undefined) appendFileSync(journal, bytes.subarray(from, from + written));
  return written;
}) as typeof writeSync;

syncBuiltinESMExports();
await import(new URL("../../src/container/main.ts", import.meta.url).href);

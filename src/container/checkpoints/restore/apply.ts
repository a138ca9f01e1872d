// Makes the workspace what the steps say, once everything is fetched: folders and files first, links after them, deletions last.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import type { Entry, FileEntry } from "../../../shared/checkpoints/format.ts";
import { isFetched } from "./fill.ts";
import { parentOf } from "./entry-order.ts";
import type { Staging } from "./staging.ts";
import type { Step, StepList } from "./step.ts";

type Place = (path: Uint8Array) => Buffer;
type Work = { place: Place; staging: Staging };

export function applySteps(steps: StepList, { staging, workspaceDir, onStep }: ApplyParts): void {
  const root = Buffer.from(`${workspaceDir}/`);
  const work: Work = { staging, place: (path) => Buffer.concat([root, path]) };
  let number = 0;
  for (const step of steps) {
    if (step.action !== "delete") attempt(work, step.entry.path, () => perform(work, step, number));
    number += 1;
    onStep(number);
  }
  deleteAll(steps, work);
}

export type ApplyParts = { staging: Staging; workspaceDir: string; onStep(done: number): void };

function perform(work: Work, step: Step, number: number): void {
  const at = work.place(step.entry.path);
  if (step.action === "touch") return dress(step.entry, at);
  if (step.displaces) moveAside(work, at);
  if (step.entry.type === "directory") return makeFolder(at);
  const beside = work.staging.fileOf(number);
  make(work, step, beside);
  renameSync(beside, at);
  // A link to a file that has this very name already: rename does nothing and leaves the other name behind.
  if (!isFetched(step)) rmSync(beside, { force: true });
}

function make(work: Work, step: Step, beside: string): void {
  const { entry } = step;
  if (entry.type === "file" && !isFetched(step)) return makeLink(work, entry, beside);
  rmUnlessFetched(step, beside);
  if (entry.type === "symlink") symlinkSync(Buffer.from(entry.target), beside);
  if (entry.type === "fifo") execFileSync("mkfifo", ["--", beside]);
  dress(entry, Buffer.from(beside));
}

/** A step that is done again finds what it made the time before. */
function rmUnlessFetched(step: Step, beside: string): void {
  if (!isFetched(step)) rmSync(beside, { force: true });
}

function makeLink({ place }: Work, { hardLinkOf }: FileEntry, beside: string): void {
  if (hardLinkOf === null) return;
  rmSync(beside, { force: true });
  linkSync(place(hardLinkOf), beside);
}

/** Mode and time as the checkpoint has them. Folders get theirs at the end, when nothing is put into them any more. */
function dress(entry: Entry, at: Buffer): void {
  if (entry.type === "directory") return;
  const seconds = secondsOf(entry.mtimeUs);
  if (entry.type === "symlink") return lutimesSync(at, seconds, seconds);
  chmodSync(at, entry.mode);
  utimesSync(at, seconds, seconds);
}

/** Half a microsecond on top: the runtime cuts off what it cannot express. */
export function secondsOf(mtimeUs: number): number {
  return (mtimeUs + 0.5) / 1e6;
}

function makeFolder(at: Buffer): void {
  try {
    mkdirSync(at, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

function moveAside({ staging }: Work, at: Buffer): void {
  try {
    renameSync(at, staging.aside());
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function deleteAll(steps: StepList, work: Work): void {
  const folders: Uint8Array[] = [];
  for (const { action, entry } of steps) {
    if (action !== "delete") continue;
    if (entry.type === "directory") folders.push(Uint8Array.from(entry.path));
    else attempt(work, entry.path, () => forgive(["ENOENT"], () => unlinkSync(work.place(entry.path))));
  }
  // One that still holds something has what .berthignore leaves out: it stays.
  for (const path of folders.toReversed()) {
    attempt(work, path, () => forgive(["ENOENT", "ENOTEMPTY", "EEXIST"], () => rmdirSync(work.place(path))));
  }
}

function forgive(codes: readonly string[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!codes.includes(codeOf(error))) throw error;
  }
}

/** A folder that nobody may write into is opened for it; its mode is set at the end. */
function attempt(work: Work, path: Uint8Array, action: () => void): void {
  try {
    action();
  } catch (error) {
    const parent = parentOf(path);
    if (!["EACCES", "EPERM"].includes(codeOf(error)) || parent === null) throw error;
    chmodSync(work.place(parent), 0o700);
    action();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

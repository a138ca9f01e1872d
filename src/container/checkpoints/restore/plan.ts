// Compares the workspace with a checkpoint, path by path in one pass, and writes down what has to be done.
import type { Entry } from "../../../shared/checkpoints/format.ts";
import { comparePaths, showPath } from "../../../shared/checkpoints/path-bytes.ts";
import { MAX_PLAN_ITEMS, type RestorePlan } from "../../../shared/checkpoints/schema.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import { compare, type Local, type Looks } from "./compare.ts";
import { createHardLinks } from "./hard-links.ts";
import type { Scope } from "./scope.ts";
import type { Step, StepList } from "./step.ts";

export type PlanParts = {
  wanted: AsyncIterable<Entry>;
  local: Iterable<Local>;
  scope: Scope;
  looks: Pick<Looks, "holds" | "readLink">;
  steps: StepList;
  /**
   * What the path will hold afterwards, in the list's order; not called for what nobody knows.
   * `local`: it does already, as this. Null: a step sees to it.
   */
  expect(entry: Entry, local: Local | null): void;
  onPath(files: number): void;
};

export async function makePlan(parts: PlanParts): Promise<RestorePlan> {
  const tally = createTally();
  const planner = createPlanner(parts, (step) => {
    parts.steps.add(step);
    tally.count(step);
  });
  const local = createCursor(parts.local);
  let paths = 0;
  for await (const wanted of parts.wanted) {
    for (; local.head() !== null && comparePaths(pathOf(local.head()), wanted.path) < 0; local.next()) {
      planner.only(local.take());
    }
    const here = local.head();
    const isBoth = here !== null && comparePaths(here.path, wanted.path) === 0;
    if (isBoth) local.next();
    planner.both(isBoth ? here : null, wanted);
    paths += 1;
    if (paths % 256 === 0) parts.onPath(paths);
  }
  for (; local.head() !== null; local.next()) planner.only(local.take());
  return tally.plan();
}

type Planner = { only(local: Local): void; both(local: Local | null, wanted: Entry): void };

function createPlanner({ scope, looks, expect }: PlanParts, add: (step: Step) => void): Planner {
  const links = createHardLinks();
  // Of some paths alone it is not known whose names belong together.
  const isLinked: Looks["isLinked"] = scope.isWhole ? links.isLinked : () => true;
  let displaced: Uint8Array | null = null;
  /** Whatever lies below a folder that is moved aside goes with it. */
  const isGone = (path: Uint8Array): boolean => displaced !== null && isBelow(path, displaced);
  const outside = (local: Local | null, wanted: Entry): void => {
    if (local !== null) keep(local);
    leadTo(local, wanted, { scope, add });
  };
  const keep = (local: Local): void => {
    const known = local.type === "file" ? local.known() : null;
    if (known !== null) expect(known, local);
  };
  return {
    only(local) {
      links.see(local);
      if (isGone(local.path)) return;
      if (!scope.includes(local.path)) return keep(local);
      add({ action: "delete", entry: asEntry(local), displaces: false });
    },
    both(local, wanted) {
      if (local !== null) links.see(local);
      const here = local !== null && isGone(local.path) ? null : local;
      if (!scope.includes(wanted.path)) return outside(here, wanted);
      const entry = alone(wanted, scope);
      const step = compare(here, entry, { ...looks, isLinked });
      expect(entry, step === null ? here : null);
      if (step === null) return;
      if (step.displaces && here?.type === "directory") displaced = wanted.path;
      if (step.action === "change" && isOneOfSeveral(here)) links.replaced(wanted.path);
      add(step);
    },
  };
}

const isOneOfSeveral = (local: Local | null): boolean => local?.type === "file" && local.links > 1;

/** A second name whose first one is not restored holds the content itself. */
function alone(entry: Entry, scope: Scope): Entry {
  if (entry.type !== "file" || entry.hardLinkOf === null || scope.includes(entry.hardLinkOf)) return entry;
  return { ...entry, hardLinkOf: null };
}

/** Folders on the way are made where they are missing; what is in their place is not moved, for nobody named it. */
function leadTo(local: Local | null, wanted: Entry, { scope, add }: { scope: Scope; add: (step: Step) => void }): void {
  if (wanted.type !== "directory" || !scope.leadsTo(wanted.path) || local?.type === "directory") return;
  if (local === null) return add({ action: "write", entry: wanted, displaces: false });
  throw new AppError(
    "restore_failed",
    `"${showPath(wanted.path)}" is no folder here, and what was asked for lies below it in the checkpoint. Restore that path itself. Nothing was changed.`,
  );
}

function isBelow(path: Uint8Array, folder: Uint8Array): boolean {
  if (path.length <= folder.length || path[folder.length] !== 0x2f) return false;
  return comparePaths(path.subarray(0, folder.length), folder) === 0;
}

/** What goes, in the shape of an entry; of its content nothing is needed. */
function asEntry({ path, mode, mtimeUs, type }: Local): Entry {
  const base = { path, mode, mtimeUs };
  if (type === "directory") return { ...base, type };
  return { ...base, type: "file", size: 0, blobs: [], sparse: false, hardLinkOf: null };
}

function createTally() {
  const plan: RestorePlan = {
    write: 0,
    change: 0,
    touch: 0,
    delete: 0,
    bytes_to_write: 0,
    bytes_to_fetch: 0,
    items: [],
    items_left_out: 0,
  };
  const frames = new Set<string>();
  const countContent = (entry: Entry): number => {
    if (entry.type !== "file" || entry.hardLinkOf !== null) return 0;
    for (const blob of entry.blobs) {
      const frame = `${toHex(blob.pack)}:${blob.frameOffset}`;
      if (frames.has(frame)) continue;
      frames.add(frame);
      plan.bytes_to_fetch += blob.frameLength;
    }
    return entry.size;
  };
  return {
    count({ action, entry }: Step): void {
      plan[action] += 1;
      const bytes = action === "write" || action === "change" ? countContent(entry) : 0;
      plan.bytes_to_write += bytes;
      if (plan.items.length >= MAX_PLAN_ITEMS) plan.items_left_out += 1;
      else plan.items.push({ action, type: entry.type, path: showPath(entry.path), bytes });
    },
    plan: () => plan,
  };
}

type Cursor = { head(): Local | null; next(): void; take(): Local };

function createCursor(items: Iterable<Local>): Cursor {
  const iterator = items[Symbol.iterator]();
  const read = (): Local | null => {
    const { value, done } = iterator.next();
    return done === true ? null : value;
  };
  let head = read();
  return {
    head: () => head,
    next: () => void (head = read()),
    take() {
      if (head === null) throw new RangeError("there is nothing more to take");
      return head;
    },
  };
}

function pathOf(local: Local | null): Uint8Array {
  return local?.path ?? new Uint8Array(0);
}

// One step of a restore, and the list of them: kept in a file, since a tree of any size is planned in bounded memory.
import { ByteWriter } from "../../../shared/checkpoints/byte-io.ts";
import { readEntries, writeEntry } from "../../../shared/checkpoints/entry-codec.ts";
import type { Entry } from "../../../shared/checkpoints/format.ts";
import { createRecordFile } from "./record-file.ts";

const ACTIONS = ["write", "change", "touch", "delete"] as const;

/**
 * `write`: nothing is there. `change`: something else is. `touch`: its mode or time alone differ. `delete`: `entry` is what goes.
 * `displaces`: a folder is where something else belongs, or the other way round: it is moved aside first.
 */
export type Step = { action: (typeof ACTIONS)[number]; entry: Entry; displaces: boolean };

export type StepList = {
  add(step: Step): void;
  count(): number;
  /** In the order in which they were added; may be read more than once. */
  [Symbol.iterator](): Iterator<Step>;
  remove(): void;
};

export function createStepList(path: string): StepList {
  const file = createRecordFile(path);
  return {
    add: (step) => file.add(encodeStep(step)),
    count: file.count,
    *[Symbol.iterator]() {
      for (const record of file) yield decodeStep(record);
    },
    remove: file.remove,
  };
}

const writer = new ByteWriter();

function encodeStep({ action, entry, displaces }: Step): Uint8Array {
  writer.number(ACTIONS.indexOf(action));
  writer.number(displaces ? 1 : 0);
  writeEntry(writer, entry);
  return writer.take();
}

function decodeStep(bytes: Uint8Array): Step {
  const action = ACTIONS[bytes[0] ?? -1];
  const [entry] = readEntries(bytes.subarray(2));
  if (action === undefined || entry === undefined) throw new RangeError("a step that is none");
  return { action, displaces: bytes[1] === 1, entry };
}

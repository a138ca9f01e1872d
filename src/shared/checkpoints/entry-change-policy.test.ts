import { describe, expect, it } from "vitest";
import { judgeEntries } from "./entry-change-policy.ts";
import type { BlobRef, Entry, FileEntry } from "./format.ts";

const path = Uint8Array.of(97);
const hash = (byte: number) => new Uint8Array(32).fill(byte);
const blob = (byte: number, pack = 1): BlobRef => ({
  sha256: hash(byte),
  pack: hash(pack),
  frameOffset: pack,
  frameLength: 5,
  inner: 0,
  length: 10,
});
const file = (more: Partial<FileEntry> = {}): FileEntry => ({
  type: "file",
  path,
  mode: 0o644,
  mtimeUs: 1,
  size: 10,
  blobs: [blob(1)],
  sparse: false,
  hardLinkOf: null,
  ...more,
});
const symlink = (target: number): Entry => ({
  type: "symlink",
  path,
  mode: 0o777,
  mtimeUs: 1,
  target: Uint8Array.of(target),
});

describe("what happened to a path", () => {
  it.each([
    ["nothing, when only the time differs", file(), file({ mtimeUs: 9 }), null],
    ["nothing, when the same bytes lie elsewhere", file(), file({ blobs: [blob(1, 7)] }), null],
    ["that it is new", null, file(), "added"],
    ["that it is gone", file(), null, "removed"],
    ["other content", file(), file({ blobs: [blob(2)] }), "changed"],
    ["more content", file(), file({ size: 20, blobs: [blob(1), blob(1)] }), "changed"],
    ["another mode", file(), file({ mode: 0o755 }), "mode_changed"],
    ["a link to elsewhere", symlink(1), symlink(2), "changed"],
    ["nothing, for the same link", symlink(1), symlink(1), null],
    ["another kind", file(), symlink(1), "changed"],
    ["that it became one with another file", file(), file({ hardLinkOf: Uint8Array.of(98) }), "changed"],
  ])("is %s [checkpoints.diff]", (_name, before, after, status) => {
    expect(judgeEntries(before, after)).toBe(status);
  });
});

import { describe, expect, it } from "vitest";
import { findMoves, type Moveable } from "./rename-policy.ts";

const file = (path: string, content: string | null = path): Moveable => ({ path, type: "file", content });
const folder = (path: string): Moveable => ({ path, type: "directory", content: null });

describe("moves", () => {
  it("are found by content, with the same name first, and each file once [checkpoints.diff]", () => {
    const removed = [file("a/one", "x"), file("b/two", "x"), file("c/three", "y")];
    const added = [file("d/two", "x"), file("d/other", "x"), file("d/again", "x"), file("e", "z")];
    expect(findMoves(removed, added).files).toEqual([
      { from: "a/one", to: "d/other" },
      { from: "b/two", to: "d/two" },
    ]);
  });

  it("are not made of what is too common to tell [checkpoints.diff]", () => {
    expect(findMoves([file("a", null)], [file("b", null)])).toEqual({ files: [], folders: [] });
  });

  it("of all files of a folder are the folder's, the outermost alone [checkpoints.diff]", () => {
    const removed = [folder("a"), folder("a/x"), file("a/x/f", "1"), file("a/g", "2")];
    const added = [folder("b"), folder("b/x"), file("b/x/f", "1"), file("b/g", "2"), file("b/new", "3")];
    expect(findMoves(removed, added).folders).toEqual([{ from: "a", to: "b", files: 2 }]);
  });

  it("of a part of a folder, or into one that was there, are none of the folder [checkpoints.diff]", () => {
    const partly = findMoves([folder("a"), file("a/f", "1"), file("a/g", "2")], [folder("b"), file("b/f", "1")]);
    expect(partly.folders).toEqual([]);
    expect(findMoves([folder("a"), file("a/f", "1")], [file("b/f", "1")]).folders).toEqual([]);
    expect(findMoves([file("a/f", "1")], [folder("b"), file("b/f", "1")]).folders).toEqual([]);
  });

  it("of thousands of files are found in time [checkpoints.diff]", () => {
    const many = (top: string) => Array.from({ length: 20_000 }, (_, index) => file(`${top}/${index}`, String(index)));
    const { files, folders } = findMoves([folder("a"), ...many("a")], [folder("b"), ...many("b")]);
    expect([files.length, folders]).toEqual([20_000, [{ from: "a", to: "b", files: 20_000 }]]);
  });
});

import { describe, expect, it } from "vitest";
import { GIF, JPEG, PDF, PNG, WEBP } from "../../../test/support/files.ts";
import { isOfType, promisedKind, recognise } from "./media-policy.ts";
import { attachmentNamesSchema, fileNameSchema, mediaTypeSchema } from "./schema.ts";

const text = (words: string) => new TextEncoder().encode(words);
const withByte = (bytes: Uint8Array, at: number, value: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
};
const REAL = [
  ["image/png", PNG],
  ["image/jpeg", JPEG],
  ["image/gif", GIF],
  ["image/webp", WEBP],
  ["application/pdf", PDF],
  ["text/plain", text("Grüße")],
] as const;

describe("a file's bytes", () => {
  it.each(REAL)("are %s when they are, and nothing else [attachments.refused]", (type, bytes) => {
    for (const [other] of REAL) expect(isOfType(other, bytes), other).toBe(other === type);
  });

  it.each([
    ["a signature alone", "image/png", PNG.subarray(0, 8)],
    ["a picture without its end", "image/png", PNG.subarray(0, PNG.length - 12)],
    ["a picture of no width", "image/png", withByte(withByte(PNG, 19, 0), 18, 0)],
    ["a picture that no model takes", "image/png", withByte(PNG, 17, 1)],
    ["a JPEG that ends before its picture", "image/jpeg", JPEG.subarray(0, 20)],
    ["a WebP that is cut off", "image/webp", WEBP.subarray(0, 24)],
    ["a GIF's first letters", "image/gif", text("GIF89a")],
    ["text that says it is a PDF", "application/pdf", text("%PDF-1.4 but no more")],
    ["a PDF's end alone", "application/pdf", text("%%EOF")],
    ["bytes that are no UTF-8", "text/plain", new Uint8Array([0xff, 0xfe, 0x41])],
    ["text with a zero", "text/csv", text("a\0b")],
  ])("are refused as %s [attachments.refused]", (_name, type, bytes) => {
    expect(isOfType(type, bytes)).toBe(false);
  });

  it("may be of no kind at all", () => {
    expect(recognise(new Uint8Array([0, 1, 2, 255]))).toBeNull();
    expect(recognise(new Uint8Array(0))).toEqual({ kind: "text" });
  });
});

describe("names", () => {
  it("promise what their ending says", () => {
    expect(["a.PNG", "b/c.jpeg", "d.pdf", "e.md", "png"].map(promisedKind)).toEqual([
      "image",
      "image",
      "pdf",
      null,
      null,
    ]);
  });

  it.each([
    [[]],
    [[{}]],
    [[{ project_file: "a", upload_id: "x" }]],
    [[{ project_file: "../a" }]],
    [[{ project_file: "/a" }]],
  ])("of attachments are refused: %j [attachments.refused]", (names) => {
    expect(attachmentNamesSchema.safeParse(names).success).toBe(false);
  });

  it("of files are no paths, and media types are the ones that a prompt can carry", () => {
    for (const name of ["a/b", "a\\b", "", "a\nb", "x".repeat(201)])
      expect(fileNameSchema.safeParse(name).success).toBe(false);
    for (const type of ["image/svg+xml", "image/tiff", "video/mp4", "application/zip", "text/", "TEXT/plain"]) {
      expect(mediaTypeSchema.safeParse(type).success, type).toBe(false);
    }
    for (const type of ["text/markdown", "text/x-python", "application/json"]) {
      expect(mediaTypeSchema.safeParse(type).success, type).toBe(true);
    }
  });
});

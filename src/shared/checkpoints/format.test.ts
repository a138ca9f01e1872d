import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { readEntries, writeEntry } from "./entry-codec.ts";
import type { Entry } from "./format.ts";
import { decodePackIndex, encodePackIndex } from "./pack-format.ts";
import { comparePaths, isSafePath, isWithin, readShownPath, showPath } from "./path-bytes.ts";
import { fromBase64Url, fromHex, toBase64Url, toHex } from "./bytes-text.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const path = fc.uint8Array({ minLength: 1, maxLength: 60 }).filter(isSafePath);
const base = { path, mode: fc.nat(0o7777), mtimeUs: fc.integer({ min: -(2 ** 50), max: 2 ** 51 }) };
const blob = fc.record({
  sha256: hash,
  pack: hash,
  frameOffset: fc.nat(),
  frameLength: fc.nat(),
  inner: fc.nat(),
  length: fc.nat(),
});
const file = fc
  .record({
    ...base,
    type: fc.constant("file" as const),
    blobs: fc.array(blob, { maxLength: 4 }),
    sparse: fc.boolean(),
    hardLinkOf: fc.option(path),
  })
  .map((entry) => ({ ...entry, size: entry.blobs.reduce((sum, { length }) => sum + length, 0) }));
const entry: fc.Arbitrary<Entry> = fc.oneof(
  file,
  fc.record({ ...base, type: fc.constant("directory" as const) }),
  fc.record({ ...base, type: fc.constant("fifo" as const) }),
  fc.record({ ...base, type: fc.constant("symlink" as const), target: fc.uint8Array({ maxLength: 80 }) }),
);

function encode(entries: Entry[]): Uint8Array {
  const writer = new ByteWriter();
  for (const one of entries) writeEntry(writer, one);
  return writer.take();
}

describe("entries as bytes", () => {
  it("come back as they were, whatever their names [checkpoints.format]", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const read = readEntries(encode(entries)).map((one) => normalise(one));
        expect(read).toEqual(entries.map((one) => normalise(one)));
      }),
    );
  });

  it("that are cut anywhere are refused, never read as fewer [checkpoints.format]", () => {
    fc.assert(
      fc.property(entry, fc.nat(), (one, at) => {
        const bytes = encode([one]);
        const cut = bytes.subarray(0, 1 + (at % (bytes.length - 1)));
        fc.pre(cut.length < bytes.length);
        expect(() => readEntries(cut)).toThrow(RangeError);
      }),
    );
  });

  it.each(["..", "../a", "a/../b", "/etc/passwd", "a//b", "a/", ".", "a/./b", "a\0b", ""])(
    "whose path is %j are refused [checkpoints.outside]",
    (name) => {
      const bytes = encode([{ type: "directory", path: new TextEncoder().encode(name), mode: 0, mtimeUs: 0 }]);
      expect(() => readEntries(bytes)).toThrow("leads outside");
    },
  );

  it("whose pieces are not the file's size are refused [checkpoints.format]", () => {
    const bytes = encode([
      {
        type: "file",
        path: Uint8Array.of(97),
        mode: 0,
        mtimeUs: 0,
        size: 7,
        blobs: [],
        sparse: false,
        hardLinkOf: null,
      },
    ]);
    expect(() => readEntries(bytes)).toThrow("pieces");
  });
});

/** Views compare as the bytes that they show. */
function normalise(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, part) => (part instanceof Uint8Array ? toHex(part) : part)));
}

describe("a pack's index", () => {
  const frames = fc.array(
    fc.record({
      offset: fc.nat(),
      length: fc.nat(),
      blobs: fc.array(fc.record({ sha256: hash, inner: fc.nat(), length: fc.nat() }), { maxLength: 5 }),
    }),
    { maxLength: 8 },
  );

  it("is found at the end of the pack, whatever lies before it [checkpoints.format]", () => {
    fc.assert(
      fc.property(frames, fc.uint8Array({ maxLength: 200 }), (list, content) => {
        const index = encodePackIndex(list);
        const pack = new Uint8Array(content.length + index.length);
        pack.set(content);
        pack.set(index, content.length);
        expect(normalise(decodePackIndex(pack))).toEqual(normalise(list));
      }),
    );
  });

  it.each([0, 7, 15])("is refused where there is none: %i bytes", (length) => {
    expect(() => decodePackIndex(new Uint8Array(length))).toThrow(RangeError);
  });
});

describe("numbers", () => {
  it("come back up to 2^53 - 1, and nothing else is written", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const writer = new ByteWriter();
        writer.number(value);
        expect(new ByteReader(writer.take()).number()).toBe(value);
      }),
    );
    expect(() => new ByteWriter().number(-1)).toThrow(RangeError);
    expect(() => new ByteReader(Uint8Array.from({ length: 9 }, () => 0xff)).number()).toThrow(RangeError);
  });
});

describe("paths", () => {
  it("are shown in one line, and found again by what is shown [checkpoints.names]", () => {
    fc.assert(
      fc.property(path, (bytes) => {
        const shown = showPath(bytes);
        expect(shown).not.toMatch(/[\p{Cc}]/u);
        expect(toHex(readShownPath(shown))).toBe(toHex(bytes));
      }),
    );
  });

  it("have one order, which is that of their bytes", () => {
    fc.assert(
      fc.property(path, path, (left, right) => {
        expect(Math.sign(comparePaths(left, right))).toBe(Math.sign(Buffer.compare(left, right)));
      }),
    );
  });

  it("lie within a folder by whole names", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(isWithin(bytes("a/b"), bytes("a"))).toBe(true);
    expect(isWithin(bytes("a"), bytes("a"))).toBe(true);
    expect(isWithin(bytes("ab"), bytes("a"))).toBe(false);
    expect(isWithin(bytes("a"), bytes("a/b"))).toBe(false);
  });
});

describe("bytes as text", () => {
  it("come back from hex and base64url", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect([...fromHex(toHex(bytes))]).toEqual([...bytes]);
        expect([...fromBase64Url(toBase64Url(bytes))]).toEqual([...bytes]);
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      }),
    );
  });
});

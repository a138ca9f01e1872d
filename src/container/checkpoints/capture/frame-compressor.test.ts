import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createFrameCompressor } from "./frame-compressor.ts";

describe("a compressor of frames", () => {
  it("gives each content a frame of its own, whatever was compressed before it and beside it [checkpoints.tree]", async () => {
    const compressor = createFrameCompressor();
    const contents = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? Buffer.from(`line ${index}\n`.repeat(20_000 + index)) : randomBytes(300_000 + index),
    );
    contents.push(Buffer.from("x"));
    const frames = await Promise.all(contents.map((content) => compressor.compress(content)));
    frames.forEach((parts, index) => {
      expect(zstdDecompressSync(Buffer.concat(parts)).equals(contents[index] ?? Buffer.alloc(0))).toBe(true);
    });
    compressor.close();
  });

  it("that is closed leaves nobody waiting, neither in a stream nor for one", async () => {
    const compressor = createFrameCompressor();
    const content = randomBytes(4 * 1024 * 1024);
    const all = Promise.allSettled(Array.from({ length: 8 }, () => compressor.compress(content)));
    await new Promise((resolve) => setImmediate(resolve));
    compressor.close();
    const settled = await Promise.race([all, sleep(5_000, "somebody waits", { ref: false })]);
    expect(settled).toMatchObject(Array.from({ length: 8 }, () => ({ status: "rejected" })));
    await expect(compressor.compress(content)).rejects.toThrow("closed");
  });
});

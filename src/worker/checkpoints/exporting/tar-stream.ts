// A checkpoint as a .tar.zst stream: file after file as the reader takes it, in zstd frames, which one after the other are a zstd file: never the whole in memory.
import { contentBytes, tarEnd, tarHeader, tarPadding } from "../../../shared/checkpoints/tar-format.ts";
import { compressFrames } from "../reading/zstd.ts";
import type { TreeReader } from "../reading/tree-reader.ts";

/** Of content, before compression. */
const FRAME_BYTES = 1024 * 1024;

export function streamTar(reader: TreeReader): ReadableStream<Uint8Array> {
  const frames = compressTar(writeTar(reader));
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await frames.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await frames.return()),
    },
    { highWaterMark: 0 },
  );
}

async function* writeTar(reader: TreeReader): AsyncGenerator<Uint8Array, void, void> {
  for await (const entry of reader.entries()) {
    yield tarHeader(entry);
    const bytes = contentBytes(entry);
    if (entry.type !== "file" || bytes === 0) continue;
    yield* reader.content(entry);
    yield tarPadding(bytes);
  }
  yield tarEnd();
}

/** Pieces are good until the next is asked for: each is copied into the frame. */
async function* compressTar(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const frame = new Uint8Array(FRAME_BYTES);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + FRAME_BYTES - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < FRAME_BYTES) continue;
      yield* compressFrames(frame);
      filled = 0;
    }
  }
  if (filled > 0) yield* compressFrames(frame.subarray(0, filled));
}

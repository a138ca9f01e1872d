// Reads text by lines and holds no more than one of bounded length: what goes on without an end is left.
import type { Readable } from "node:stream";

export type LineReader = { line: (line: string) => void; tooLong: () => void };

export function readLines(stream: Readable, maxChars: number, reader: LineReader): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = text.split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? "";
    if (rest.length > maxChars || lines.some(({ length }) => length > maxChars)) {
      stream.destroy();
      return reader.tooLong();
    }
    for (const line of lines) reader.line(line);
  });
}

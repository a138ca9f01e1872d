// Server-sent events out of a stream of bytes, one by one and bounded, and back into text.

export type SseEvent = { event: string | null; data: string; id: string | null; retry: string | null };

/** Throws when one event is larger than that. */
export async function* splitSse(body: ReadableStream<Uint8Array>, maxChars: number): AsyncGenerator<SseEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
      rest = blocks.pop() ?? "";
      if (rest.length > maxChars) throw new Error("An event is too large.");
      for (const block of blocks) yield* readBlock(block);
      // What was not ended by an empty line never was an event.
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => null);
  }
}

function* readBlock(block: string): Generator<SseEvent, void> {
  const found: SseEvent = { event: null, data: "", id: null, retry: null };
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, name = "", value = ""] = /^([a-z]+)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "data") data.push(value);
    else if (name === "event") found.event = value;
    else if (name === "id") found.id = value;
    else if (name === "retry") found.retry = value;
  }
  const isEmpty = data.length === 0 && found.id === null && found.retry === null;
  if (!isEmpty) yield { ...found, data: data.join("\n") };
  else if (block.startsWith(":")) yield found;
}

/** An event without anything is a comment, which keeps the connection open. */
export function formatSseEvent({ event, data, id, retry }: SseEvent): string {
  const lines = [
    ...(id === null ? [] : [`id: ${id}`]),
    ...(retry === null ? [] : [`retry: ${retry}`]),
    ...(event === null ? [] : [`event: ${event}`]),
    ...(data === "" && event === null ? [] : data.split("\n").map((line) => `data: ${line}`)),
  ];
  return lines.length === 0 ? ":\n\n" : `${lines.join("\n")}\n\n`;
}

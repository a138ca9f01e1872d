// Server-sent events out of a stream of text, one by one and bounded, and back into text.

export type SseEvent = { event: string | null; data: string; id: string | null; retry: string | null };

/** Takes text. Fails when one event is larger than that. */
export function splitSse(maxChars: number): TransformStream<string, SseEvent> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const blocks = (rest + text).split(/\r\n\r\n|\n\n|\r\r/);
      rest = blocks.pop() ?? "";
      if (rest.length > maxChars) throw new Error("An event is too large.");
      for (const block of blocks) for (const event of readBlock(block)) controller.enqueue(event);
    },
    // What was not ended by an empty line never was an event.
  });
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

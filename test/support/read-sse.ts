// Reads a stream of server-sent events as a client does: by blank lines, with id, type and data.

export type SseMessage = { id: number | null; type: string; data: any };

export type SseReader = {
  /** The next message; null once the stream has ended. */
  next(): Promise<SseMessage | null>;
  /** Every message until one fulfils the condition, that one included, or until the end. */
  until(isLast: (message: SseMessage) => boolean): Promise<SseMessage[]>;
  cancel(): Promise<void>;
  /** Comments that came, such as keep-alives. */
  comments: string[];
};

export function readSse(stream: ReadableStream<Uint8Array>): SseReader {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const comments: string[] = [];
  let text = "";

  async function next(): Promise<SseMessage | null> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const message = parseBlock(block, comments);
        if (message !== null) return message;
        continue;
      }
      const { value, done } = await reader.read();
      if (done) return null;
      text += decoder.decode(value, { stream: true });
    }
  }

  return {
    next,
    comments,
    async until(isLast) {
      const messages: SseMessage[] = [];
      for (;;) {
        const message = await next();
        if (message === null) return messages;
        messages.push(message);
        if (isLast(message)) return messages;
      }
    },
    cancel: () => reader.cancel(),
  };
}

function parseBlock(block: string, comments: string[]): SseMessage | null {
  let [id, type, data] = [null as number | null, "message", null as string | null];
  for (const line of block.split("\n")) {
    if (line.startsWith(":")) comments.push(line.slice(1).trim());
    else if (line.startsWith("id: ")) id = Number(line.slice(4));
    else if (line.startsWith("event: ")) type = line.slice(7);
    else if (line.startsWith("data: ")) data = line.slice(6);
  }
  return data === null ? null : { id, type, data: JSON.parse(data) };
}

// The CLI's input: prompts handed over one by one while the process lives.
import type { SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";

export type PromptFeed = {
  messages: AsyncIterable<SDKUserMessage>;
  push(prompt: string, uuid: string): void;
  end(): void;
};

export function createPromptFeed(): PromptFeed {
  const queue: SDKUserMessage[] = [];
  let hasEnded = false;
  let wake = () => {};

  async function* read(): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (hasEnded) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    messages: read(),
    push(prompt, uuid) {
      queue.push({
        type: "user",
        message: { role: "user", content: prompt },
        parent_tool_use_id: null,
        uuid: uuid as NonNullable<SDKUserMessage["uuid"]>,
        // Claude may just have begun a follow-up: the prompt waits for its end rather than being folded into it.
        priority: "later",
      });
      wake();
    },
    end() {
      hasEnded = true;
      wake();
    },
  };
}

// The CLI's input: prompts handed over one by one while the process lives.
import type { SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";

import type { PromptContent } from "../attachments/prompt-files.ts";

export type PromptPriority = "later" | "next";

export type PromptFeed = {
  messages: AsyncIterable<SDKUserMessage>;
  push(prompt: PromptContent, uuid: string, priority: PromptPriority): void;
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
    push(prompt, uuid, priority) {
      queue.push({
        type: "user",
        message: { role: "user", content: prompt },
        parent_tool_use_id: null,
        uuid: uuid as NonNullable<SDKUserMessage["uuid"]>,
        priority,
      });
      wake();
    },
    end() {
      hasEnded = true;
      wake();
    },
  };
}

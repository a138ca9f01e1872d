// Claude Code by the Agent SDK's query() alone, with the options that the runner gives it: what Berth is compared with.
import { type Query, query, type SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCliEnvironment } from "../../src/container/sessions/cli-environment.ts";
import { createPromptFeed } from "../../src/container/sessions/prompt-feed.ts";

export type DirectQuery = {
  push(prompt: string): void;
  /** Resolves with the result of the newest prompt. */
  result(): Promise<void>;
  end(): Promise<void>;
};

/** Made before the clock starts: folders and a token's file are there when the runner starts a CLI as well. */
export function prepareDirectQuery(
  modelUrl: string,
  onMessage: (message: SDKMessage) => void = () => {},
): { start(): DirectQuery } {
  const folder = mkdtempSync(join(tmpdir(), "berth-bench-direct-"));
  const files = {
    spool: "",
    token: join(folder, "token"),
    configDir: join(folder, "claude"),
    homeDir: join(folder, "home"),
    configuration: "",
  };
  const cwd = join(folder, "workspace");
  for (const path of [files.configDir, files.homeDir, cwd]) mkdirSync(path, { recursive: true });
  writeFileSync(files.token, "token", { mode: 0o600 });
  const path = process.env["PATH"] ?? "/usr/bin:/bin";
  const environment = buildCliEnvironment({ cliUser: null, edgeUrl: modelUrl, path }, files);
  return {
    start() {
      const feed = createPromptFeed();
      const running = query({
        prompt: feed.messages,
        options: {
          cwd,
          env: { ...environment, ANTHROPIC_BASE_URL: modelUrl },
          includePartialMessages: true,
          settingSources: [],
          settings: { apiKeyHelper: `cat '${files.token}'` },
          permissionMode: "acceptEdits",
          sessionId: crypto.randomUUID(),
          canUseTool: (_name, input) => Promise.resolve({ behavior: "allow", updatedInput: input }),
          hooks: { PreToolUse: [{ hooks: [() => Promise.resolve({})], timeout: 600 }] },
        },
      });
      return follow(running, feed, { onMessage, folder });
    },
  };
}

function follow(
  running: Query,
  feed: ReturnType<typeof createPromptFeed>,
  { onMessage, folder }: { onMessage: (message: SDKMessage) => void; folder: string },
): DirectQuery {
  let ended = Promise.withResolvers<void>();
  const done = (async () => {
    for await (const message of running) {
      onMessage(message);
      if (message.type === "result") ended.resolve();
    }
    ended.reject(new Error("Claude Code ended before its result."));
  })();
  return {
    push(prompt) {
      ended = Promise.withResolvers<void>();
      // Whoever waits for the result hears of a failure; nobody else has to.
      ended.promise.catch(() => undefined);
      feed.push(prompt, crypto.randomUUID(), "later");
    },
    result: () => ended.promise,
    async end() {
      feed.end();
      await done;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

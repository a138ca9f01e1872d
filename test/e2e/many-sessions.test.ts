// A hundred sessions at once, two in each of fifty workspaces. Claude Code itself is a stub here, in this file alone: so
// many real ones do not fit on a small machine.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionEvent } from "../../src/shared/events/event.ts";
import { connect, expectWholeLog, readLog, start, type Started, waitForEnd } from "../journeys/person.ts";
import { startStack, type Stack } from "../support/stack.ts";

const SESSIONS = 100;
/** The second session of each waits for the lease. */
const WORKSPACES = 50;
const MESSAGES = 50;

const textsOf = (log: SessionEvent[]): string[] =>
  log.flatMap(({ type, data }) => {
    const { type: kind, message } = (data["message"] ?? {}) as {
      type?: string;
      message?: { content: { text: string }[] };
    };
    return type === "message_received" && kind === "assistant" ? [message?.content[0]?.text ?? ""] : [];
  });

describe("a hundred sessions at once, Claude Code stubbed at its process", () => {
  let stack: Stack;
  let client: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    stack = await startStack({
      program: join("test", "support", "stub-cli", "start.ts"),
      env: {
        MAX_RUNNING_TURNS_PER_TEAM: String(SESSIONS),
        MAX_RUNNING_TURNS_PER_USER: String(SESSIONS),
      },
    });
    client = await connect(stack);
  });
  afterAll(async () => {
    await client?.close();
    await stack?.stop();
  });

  /** As a client does whose call is cut off on an overloaded machine: the key makes it the same call. */
  async function startPatiently(args: Record<string, unknown>): Promise<Started> {
    for (let triesLeft = 20; ; triesLeft--) {
      try {
        return await start(client, args);
      } catch (error) {
        if (triesLeft === 0) throw new Error(stack.output(), { cause: error });
        await stack.waitForHealth(90_000);
      }
    }
  }

  it("deliver every event of every one, in order and once [scale.hundred_sessions]", async () => {
    const labels = Array.from({ length: SESSIONS }, (_, index) => `of-${index}`);
    const projects = labels.slice(0, WORKSPACES).map((label) => `project-${label}`);
    for (const name of projects) await client.callToolOrThrow("create_project", { name });
    const started = await Promise.all(
      labels.map((label, index) => {
        const project = projects[index % WORKSPACES];
        return startPatiently({ project, prompt: `say ${MESSAGES} ${label}`, idempotency_key: label });
      }),
    );
    const ends = await Promise.all(started.map((one) => waitForEnd(client, one, 240_000)));
    // Why, where one is not.
    expect(ends.flatMap(({ turn }) => (turn?.status === "completed" ? [] : [turn?.reason]))).toEqual([]);
    for (const [index, { session_id }] of started.entries()) {
      const log = await readLog(client, session_id);
      expectWholeLog(log);
      expect(textsOf(log)).toEqual(Array.from({ length: MESSAGES }, (_, at) => `${labels[index]} ${at}`));
    }
  }, 300_000);
});

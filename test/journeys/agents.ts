// Agents as the real Claude Code runs them: their prompt, tools and rules, as executions and as sub-agents.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPageVisitor } from "../support/page-visitor.ts";
import { readD1 } from "../support/read-d1.ts";
import { callTool, embedScenario, say, type Step } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack, type StackOptions } from "../support/stack.ts";
import { connect, prompt, readFile, type Started, start, waitForEnd } from "./person.ts";

type Client = Awaited<ReturnType<typeof connect>>;
type Args = Record<string, unknown>;
type Body = { model?: string; system?: unknown; tools?: { name: string }[]; messages?: unknown[] };

const bash = (command: string) => callTool("Bash", { command, description: "as the test says" });
const write = (file_path: string, content: string) => callTool("Write", { file_path, content });

export function describeAgents(sandbox: "process" | "container", options: StackOptions = {}): void {
  describe(`agents, with sandboxes as ${sandbox === "process" ? "processes" : "containers"}`, () => {
    let stack: Stack;
    let client: Client;
    beforeAll(async () => {
      stack = await startStack({ sandbox, ...options });
      client = await connect(stack);
      await client.callToolOrThrow("create_project", { name: "crewed" });
    });
    afterAll(async () => {
      await client?.close();
      await stack?.stop();
    });

    /** Requests about these words, as the model was sent them. */
    const sentAbout = (words: string): Body[] =>
      stack.model.requests
        .map(({ body }) => body as Body)
        .filter((body) => JSON.stringify(body?.messages).includes(words));
    const systemOf = (body: Body | undefined): string => JSON.stringify(body?.system);
    const toolsOf = (body: Body | undefined): string[] => (body?.tools ?? []).map(({ name }) => name).sort();

    async function create(args: Args): Promise<string> {
      return String(
        (await client.callToolOrThrow("create_agent", { description: "for the test", ...args }))["agent_id"],
      );
    }
    async function execute(agent_id: string, task: string, steps: Step[], more: Args = {}) {
      const args = { agent_id, task: prompt(task, { steps }), project: "crewed", ...more };
      return (await client.callToolOrThrow("execute_agent", args)) as unknown as Started & Args;
    }
    async function confirm(url: unknown): Promise<string> {
      const visitor = createPageVisitor(stack.url, stack.signInCode);
      const { html } = await visitor.open(String(url));
      expect((await visitor.submit(String(url), { decision: "confirm" })).html).toContain("It holds");
      return html;
    }

    it("runs as the agent: its prompt, its tools, its model, its rules [agents.execute]", async () => {
      const agent_id = await create({
        name: "careful-writer",
        system_prompt: "You are MARK-CAREFUL, who writes files.",
        model: "claude-haiku-4-5",
        tools: ["Read", "Write"],
        policy: { auto_approved: [], user_consent: [], forbidden: ["Edit(secret.txt)"] },
      });
      const steps = [
        [write("plain.txt", "yes")],
        [write("secret.txt", "no")],
        [bash("touch shell.txt")],
        [say("written")],
      ];
      const started = await execute(agent_id, "WORDS-ONE", steps);
      expect(started["execution_id"]).toBe(started.session_id);
      const ended = await waitForEnd(client, started);
      expect(ended.result?.text).toBe("written");
      const sent = sentAbout("WORDS-ONE");
      console.log(
        JSON.stringify(
          {
            tools: toolsOf(sent[0]),
            model: sent[0]?.model,
            system: systemOf(sent[0]).slice(0, 1500),
            last: JSON.stringify(sent.at(-1)?.messages).slice(-1500),
          },
          null,
          1,
        ),
      );
      expect(systemOf(sent[0])).toContain("MARK-CAREFUL");
      expect(sent[0]?.model).toBe("claude-haiku-4-5");
      expect(toolsOf(sent[0])).toEqual(["Read", "Write"]);
      expect(await readFile(client, "crewed", "plain.txt")).toBe("yes");
      const files = JSON.stringify(await client.callToolOrThrow("list_project_files", { project: "crewed" }));
      expect(files).not.toContain("secret.txt");
      expect(files).not.toContain("shell.txt");
    });
  });
}

// Agents as the real Claude Code runs them: their prompt, tools and rules, as executions and as sub-agents.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPageVisitor } from "../support/page-visitor.ts";
import { readD1 } from "../support/read-d1.ts";
import { callTool, hold, say, type Step } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack, type StackOptions } from "../support/stack.ts";
import { connect, prompt, readFile, type Started, start, waitForEnd, waitUntil } from "./person.ts";

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
      expect(systemOf(sent[0])).toContain("MARK-CAREFUL");
      expect(sent[0]?.model).toBe("claude-haiku-4-5");
      expect(toolsOf(sent[0])).toEqual(["Read", "Write"]);
      expect(await readFile(client, "crewed", "plain.txt")).toBe("yes");
      const files = JSON.stringify(await client.callToolOrThrow("list_project_files", { project: "crewed" }));
      expect(files).not.toContain("secret.txt");
      expect(files).not.toContain("shell.txt");
    });

    it("is a sub-agent of sessions that run as Claude Code itself [agents.sub_agent]", async () => {
      await create({ name: "side-kick", system_prompt: "You are MARK-KICK, a helper.", tools: ["Read"] });
      const helper = prompt("WORDS-SUB", { steps: [[say("helped")]] });
      const call = callTool("Agent", { description: "help", prompt: helper, subagent_type: "side-kick" });
      const args = { project: "crewed", prompt: prompt("WORDS-MAIN", { steps: [[call], [say("done")]] }) };
      const started = await start(client, args);
      await waitUntil(client, started.session_id, 60_000, ({ status }) => status === "idle");
      await expect.poll(() => sentAbout("WORDS-SUB").length).toBeGreaterThan(0);
      const sub = sentAbout("WORDS-SUB").find((body) => systemOf(body).includes("MARK-KICK"));
      expect(toolsOf(sub)).toEqual(["Read"]);
      const main = sentAbout("WORDS-MAIN").find((body) => toolsOf(body).includes("Agent"));
      expect(systemOf(main)).not.toContain("MARK-KICK");
      // Claude Code's own prompt, which the SDK leaves out unless it is asked for.
      expect(systemOf(main).length).toBeGreaterThan(2_000);
    });

    it("approves what a person confirmed, and stays the version that it began as [agents.pinned] [agents.consent]", async () => {
      const proposed = await client.callToolOrThrow("create_agent", {
        name: "toucher",
        description: "touches files",
        system_prompt: "You are MARK-FIRST.",
        policy: { auto_approved: ["Bash(touch *)"], user_consent: [], forbidden: [] },
        hooks: {
          PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: "echo hooked >> hooked.txt" }] }],
        },
      });
      expect(proposed).toMatchObject({ outcome: "proposed" });
      const agent_id = String(proposed["agent_id"]);
      expect((await client.callTool("get_agent", { agent_id })).isError).toBe(true);
      const page = await confirm(proposed["confirm_url"]);
      expect(page).toContain("Bash(touch *)");
      expect(page).toContain("echo hooked");

      const steps = [[hold("updated"), bash("touch one.txt")], [say("first done")]];
      const started = await execute(agent_id, "WORDS-FIRST", steps, { permission_mode: "default" });
      await expect.poll(() => sentAbout("WORDS-FIRST").length, { timeout: 30_000 }).toBeGreaterThan(0);
      const forbidden = { auto_approved: [], user_consent: [], forbidden: ["Bash"] };
      const change = { agent_id, system_prompt: "You are MARK-SECOND.", policy: forbidden, hooks: {} };
      const updated = await client.callToolOrThrow("update_agent", change);
      // A hook that could stop Claude goes only with a person's yes.
      await confirm(updated["confirm_url"]);
      stack.model.release("updated");
      expect((await waitForEnd(client, started)).result?.text).toBe("first done");
      const again = prompt("WORDS-AGAIN", { steps: [[bash("touch two.txt")], [say("again done")]] });
      const later = await start(client, { session_id: started.session_id, prompt: again, permission_mode: "default" });
      expect((await waitForEnd(client, later)).result?.text).toBe("again done");
      expect(systemOf(sentAbout("WORDS-AGAIN").at(-1))).toContain("MARK-FIRST");
      expect(await readFile(client, "crewed", "hooked.txt")).toBe("hooked\nhooked\n");

      const second = await execute(agent_id, "WORDS-SECOND", [[bash("touch three.txt")], [say("second done")]]);
      await waitForEnd(client, second);
      expect(systemOf(sentAbout("WORDS-SECOND")[0])).toContain("MARK-SECOND");
      expect([started["agent_version"], second["agent_version"]]).toEqual([1, 2]);
      const files = JSON.stringify(await client.callToolOrThrow("list_project_files", { project: "crewed" }));
      expect(["one.txt", "two.txt", "three.txt"].map((name) => files.includes(name))).toEqual([true, true, false]);
    });

    it("tells how an execution stands, what it used, and how an agent's went on the whole [agents.executions]", async () => {
      const file = "---\nname: Counter\ndescription: counts\nmodel: claude-haiku-4-5\ncolor: red\n---\nYou count.\n";
      const imported = await client.callToolOrThrow("import_agent", { text: file });
      expect(imported).toMatchObject({ name: "counter", outcome: "applied", notes: [] });
      const agent_id = String(imported["agent_id"]);
      const done = await execute(agent_id, "WORDS-DONE", [[say("counted")]]);
      await waitForEnd(client, done);
      const stuck = await execute(agent_id, "WORDS-STUCK", [[hold("never"), say("late")]]);
      await expect.poll(() => sentAbout("WORDS-STUCK").length, { timeout: 30_000 }).toBeGreaterThan(0);
      const get = (execution: Started) =>
        client.callToolOrThrow("get_agent_execution", { execution_id: execution.session_id });
      expect(await get(stuck)).toMatchObject({
        status: "running",
        agent: "counter",
        agent_version: 1,
        project: "crewed",
      });
      await client.callToolOrThrow("cancel_agent_execution", { execution_id: stuck.session_id });
      await waitForEnd(client, stuck);
      expect(await get(stuck)).toMatchObject({ status: "cancelled" });
      const shown = async () =>
        (await client.callToolOrThrow("list_agent_executions", { agent_id }))["executions"] as Args[];
      await expect.poll(async () => (await shown()).map(({ status }) => status)).toEqual(["cancelled", "completed"]);
      await expect.poll(async () => (await get(done))["input_tokens"]).toBeGreaterThan(0);
      const { cost_usd, elapsed_seconds, result } = await get(done);
      expect(cost_usd).toBeGreaterThan(0);
      expect(elapsed_seconds).toBeGreaterThan(0);
      expect(result).toMatchObject({ text: "counted" });
      expect((await client.callToolOrThrow("get_agent", { agent_id }))["statistics"]).toEqual({
        executions: 2,
        running: 0,
        success_rate: 1,
        median_seconds: elapsed_seconds,
        median_cost_usd: cost_usd,
      });
      const rows = readD1(
        stack.home,
        "SELECT DISTINCT agent_id FROM model_usage WHERE session_id = ?",
        done.session_id,
      );
      expect(rows).toEqual([{ agent_id }]);
      const plain = await start(client, { project: "crewed", prompt: "plain" });
      const asked = await client.callTool("get_agent_execution", { execution_id: plain.session_id });
      expect(asked.text).toContain("execution_not_found");
    });

    it("has its budget for each prompt, and a repeated call gets its first execution [agents.budget] [session.idempotency]", async () => {
      const fields = { system_prompt: "You spend.", model: "claude-sonnet-5", default_task: "once" };
      const agent_id = await create({ name: "spender", default_budget_usd: 0.1, ...fields });
      const steps: Step[] = [[{ type: "usage", output_tokens: 20_000 }, bash("true")], [say("spent")]];
      const task = prompt("WORDS-SPEND", { steps });
      const asked = { agent_id, task, project: "crewed", max_budget_usd: 5, idempotency_key: "spending" };
      const first = (await client.callToolOrThrow("execute_agent", asked)) as unknown as Started;
      expect(first).toMatchObject({ agent: "spender", agent_version: 1 });
      expect((await waitForEnd(client, first)).turn).toMatchObject({ status: "completed" });
      // A prompt that follows, and says nothing of money, has what the agent has.
      const again = prompt("WORDS-SPEND-ON", { steps });
      const later = await start(client, { session_id: first.session_id, prompt: again });
      expect((await waitForEnd(client, later)).turn).toMatchObject({ reason: "stopped at max_budget_usd" });

      await client.callToolOrThrow("update_agent", {
        agent_id,
        system_prompt: "You spend more.",
        default_task: "twice",
      });
      const { session_id, turn_id } = first;
      const repeated = await client.callToolOrThrow("execute_agent", asked);
      expect(repeated).toMatchObject({ session_id, turn_id, agent: "spender", agent_version: 1 });
      const other = await create({ name: "saver", system_prompt: "You save." });
      const conflict = await client.callTool("execute_agent", { ...asked, agent_id: other });
      expect(conflict.text).toContain("idempotency_conflict");
    });

    it("delegates tasks of a kind, and holds their answers to it [delegation.run] [delegation.validated]", async () => {
      const answer = (value: Args): Step => [callTool("StructuredOutput", value)];
      const delegate = async (tool: string, description: string, steps: Step[], args: Args) => {
        const asked = { description: prompt(description, { steps }), project: "crewed", ...args };
        return (await client.callToolOrThrow(tool, asked)) as unknown as Started;
      };
      const look = (task: Started) => client.callToolOrThrow("get_delegated_task", { task_id: task.session_id });
      const file = { path: "made.ts", action: "created", purpose: "adds" };
      const generated = { summary: "made", files: [file], how_to_use: "", open_points: [] };
      const good = [
        [write("made.ts", "export const add = (a: number, b: number): number => a + b;\n")],
        answer(generated),
      ];
      const bad = [
        [write("made.py.ts", "export const = ;\n")],
        answer({ ...generated, files: [{ ...file, path: "made.py.ts" }] }),
      ];
      const finding = { file: "made.ts", line: 1, severity: "low", title: "t", description: "d", suggestion: "s" };
      const review = { summary: "fine", findings: [finding], files_reviewed: ["made.ts"] };

      const made = await delegate("code_generation", "WORDS-GENERATE", good, { language: "TypeScript" });
      const broken = await delegate("delegate_task", "WORDS-BREAK", bad, { type: "code_generation", parameters: {} });
      const reviewed = await delegate("code_review", "WORDS-REVIEW", [answer(review), [say("")]], {
        review_type: "security",
        priority: "high",
      });
      await waitForEnd(client, made);
      await waitForEnd(client, broken);
      await waitForEnd(client, reviewed);
      const [first] = sentAbout("WORDS-GENERATE");
      expect(JSON.stringify(first?.messages)).toContain("- Language: TypeScript");
      expect(systemOf(first)).toContain("You write production code.");
      const reviewing = sentAbout("WORDS-REVIEW")[0];
      expect(toolsOf(reviewing)).toEqual(expect.arrayContaining(["Bash", "Read", "StructuredOutput"]));
      for (const name of ["Write", "Edit", "WebFetch", "Agent"]) expect(toolsOf(reviewing)).not.toContain(name);
      expect(await look(reviewed)).toMatchObject({
        type: "code_review",
        status: "completed",
        verdict: { state: "valid", problems: [], unchecked: [] },
        result: { structured: review },
      });
      const verdictOf = async (task: Started) => (await look(task))["verdict"];
      await expect.poll(() => verdictOf(made), { timeout: 20_000 }).toMatchObject({ state: "valid", problems: [] });
      await expect
        .poll(() => verdictOf(broken), { timeout: 20_000 })
        .toMatchObject({ state: "invalid", problems: ["made.py.ts does not parse at line 1"] });
      const wrong = await client.callTool("delegate_task", {
        type: "code_review",
        project: "crewed",
        description: "x",
        parameters: { review_type: "beauty" },
      });
      expect(wrong.text).toContain("review_type");
    });
  });
}

// The main job from outside, the same in both sandbox modes: sign in, give work, see events and result, read files back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTool, hold, say, think } from "../support/scripted-model/scenario.ts";
import { connectLegacy, connectModern, signIn, signInLegacy } from "../support/mcp-clients.ts";
import { startStack, type Stack, type StackOptions } from "../support/stack.ts";
import {
  connect,
  expectWholeLog,
  prompt,
  readFile,
  readLog,
  start,
  timesInConversation,
  waitForEnd,
  waitForQuestion,
  waitUntil,
} from "./person.ts";

export function describeMainJob(sandbox: "process" | "container", options: StackOptions = {}): void {
  describe(`the main job, with sandboxes as ${sandbox === "process" ? "processes" : "containers"}`, () => {
    let stack: Stack;
    beforeAll(async () => {
      const env = { BERTH_MAX_PERMISSION_MODE: "bypassPermissions", ...options.env };
      stack = await startStack({ sandbox, ...options, env });
    });
    afterAll(() => stack?.stop());

    const eras = {
      "2026-07-28": async () => connectModern(stack.mcpUrl, await signIn(stack.url, stack.signInCode)),
      "2025": async () => connectLegacy(stack.mcpUrl, await signInLegacy(stack.url, stack.signInCode)),
    };
    it.each(["2026-07-28", "2025"] as const)(
      `goes from the URL to the files for a client of %s [mcp.eras] [sandbox.${sandbox}] [auth.flow]`,
      async (era) => {
        const client = await eras[era]();
        const project = `job-${era}`;
        await client.callToolOrThrow("create_project", { name: project });
        const started = await start(client, { project, prompt: "Please write notes/first.txt with a greeting." });
        const ended = await waitForEnd(client, started);
        expect(ended).toMatchObject({ status: "idle", turn: { status: "completed", origin: "prompt" } });
        expect(ended.result).toMatchObject({ is_error: false, num_turns: 2 });
        expect(ended.result?.cost_usd).toBeGreaterThan(0);

        const events = await readLog(client, started.session_id);
        expectWholeLog(events);
        const types = events.map((event) => event.type);
        const order = [
          "turn_started",
          "message_received",
          "tool_call_started",
          "tool_call_completed",
          "turn_completed",
        ];
        const places = order.map((type) => types.indexOf(type as (typeof types)[number]));
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(places).not.toContain(-1);

        const listed = await client.callToolOrThrow("list_project_files", { project });
        expect(JSON.stringify(listed)).toContain("notes/first.txt");
        expect(await readFile(client, project, "notes/first.txt")).toContain("scripted model");
        await client.close();
      },
    );

    it("lets two sessions in one project take turns, and says for whom the second waits [session.lease.order]", async () => {
      const client = await connect(stack);
      const project = "shared-work";
      await client.callToolOrThrow("create_project", { name: project });
      const gate = `first-${sandbox}`;
      const first = await start(client, {
        project,
        prompt: prompt("First.", { steps: [[think("hm"), hold(gate), say("one")]] }),
      });
      await stack.model.reached(gate);
      const second = await start(client, { project, prompt: prompt("Second.", { steps: [[say("two")]] }) });
      await expect
        .poll(async () => (await client.callToolOrThrow("get_session", { session_id: second.session_id }))["session"])
        .toMatchObject({ status: "queued", status_reason: expect.stringContaining(first.session_id) });
      stack.model.release(gate);
      const [one, two] = [await waitForEnd(client, first), await waitForEnd(client, second)];
      expect([one.result?.text, two.result?.text]).toEqual(["one", "two"]);
      expect(String(two.turn?.started_at) >= String(one.turn?.ended_at)).toBe(true);
      await client.close();
    });

    it("takes what Claude goes on with after a background task as a turn of its own [session.follow_up] [runner.follow_up]", async () => {
      const client = await connect(stack);
      const started = await start(client, {
        permission_mode: "bypassPermissions",
        prompt: prompt("Run it behind.", {
          steps: [
            [callTool("Bash", { command: "sleep 2; echo finished", run_in_background: true, description: "wait" })],
            [say("It runs in the background.")],
          ],
          follow_up: [[say("The background task has finished.")]],
        }),
      });
      const first = await waitForEnd(client, started);
      expect(first.result?.text).toBe("It runs in the background.");
      const followUp = await waitUntil(client, started.session_id, 60_000, ({ turn, status }) => {
        return turn?.origin === "follow_up" && turn.ended_at !== null && status === "idle";
      });
      expect(followUp).toMatchObject({ turn: { number: 2, status: "completed" } });
      expect(followUp.result?.text).toBe("The background task has finished.");
      expectWholeLog(await readLog(client, started.session_id));
      await client.close();
    });

    it("names the Claude Code that works in the sandbox, and what is newer [tools.runtime]", async () => {
      const client = await connect(stack);
      const binary = await client.callToolOrThrow("find_claude_binary", {});
      expect(binary).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
      const updates = await client.callTool("check_claude_updates", {});
      // Without a way to the package registry the answer has to say so; both are right on some machine.
      if (updates.isError) expect(updates.text).toContain("registry_unavailable");
      else expect(updates.structured).toMatchObject({ installed: binary, newest: { version: expect.any(String) } });
      await client.close();
    });

    it("forks a session from a completed turn: the copy knows what was said, the source does not learn of it [transcripts.fork]", async () => {
      const client = await connect(stack);
      const answerTo = (words: string) => prompt(words, { steps: [[say(`heard ${words}`)]] });
      const source = await start(client, { prompt: answerTo("source-words") });
      const first = await waitForEnd(client, source);
      const forked = await client.callToolOrThrow("fork_session", { session_id: source.session_id });
      const session_id = (forked["session"] as { session_id: string }).session_id;
      const inFork = await start(client, { session_id, prompt: answerTo("fork-words") });
      const ended = await waitForEnd(client, inFork);
      expect(ended.result?.text).toBe("heard fork-words");
      expect(timesInConversation(stack, promptLine("source-words"))).toBe(1);
      // The CLI's count goes on from the source's: only the difference is the fork's own.
      expect(ended.result?.cost_usd).toBeLessThan((first.result?.cost_usd ?? 0) * 1.9);
      const again = await start(client, { session_id: source.session_id, prompt: answerTo("later-words") });
      await waitForEnd(client, again);
      expect(timesInConversation(stack, promptLine("fork-words"), promptLine("later-words"))).toBe(0);
      expect(timesInConversation(stack, promptLine("source-words"), promptLine("later-words"))).toBe(1);
      await client.close();
    });

    it("folds a steering prompt into the running turn, which has one result [session.if_busy] [runner.steer]", async () => {
      const client = await connect(stack);
      const gate = `steer-${sandbox}`;
      const steps = [[hold(gate), callTool("Bash", { command: "echo one" })], [say("both")]];
      const first = await start(client, { permission_mode: "bypassPermissions", prompt: prompt("Begin.", { steps }) });
      await stack.model.reached(gate);
      const joined = await start(client, {
        session_id: first.session_id,
        if_busy: "steer",
        prompt: "Mind the gap, too.",
      });
      expect(joined.turn_id).toBe(first.turn_id);
      const refused = await client.callTool("execute_claude", {
        session_id: first.session_id,
        if_busy: "refuse",
        prompt: "Not now.",
      });
      expect(refused.text).toContain("session_busy");
      await expect
        .poll(async () => (await readLog(client, first.session_id)).map((event) => event.type))
        .toContain("turn_steered");
      stack.model.release(gate);
      const ended = await waitForEnd(client, first);
      expect(ended.result?.text).toBe("both");
      expect(timesInConversation(stack, "Mind the gap, too.")).toBe(1);
      expectWholeLog(await readLog(client, first.session_id));
      await client.close();
    });

    it("shows what runs for a session while it works, and ends a process by its id [processes.registry]", async () => {
      const client = await connect(stack);
      const gate = `processes-${sandbox}`;
      const started = await start(client, { prompt: prompt("Wait.", { steps: [[hold(gate), say("never")]] }) });
      await stack.model.reached(gate);
      const active = await client.callToolOrThrow("list_active_sessions", {});
      expect(JSON.stringify(active)).toContain(started.session_id);
      const shown = (await client.callToolOrThrow("get_session_processes", { session_id: started.session_id })) as {
        processes: { kind: string; pid: number; rss_bytes: number }[];
      };
      const claude = shown.processes.find((process) => process.kind === "claude");
      expect(claude?.rss_bytes).toBeGreaterThan(10_000_000);
      const kill = { session_id: started.session_id, pid: claude?.pid, force: true };
      expect(await client.callToolOrThrow("kill_session_process", kill)).toEqual({ killed: true });
      expect((await waitForEnd(client, started)).turn).toMatchObject({ status: "failed" });
      stack.model.release(gate);
      expect(await client.callToolOrThrow("kill_session_process", kill)).toEqual({ killed: false });
      await client.close();
    });

    it("finds the session of a conversation again by its key [session.key]", async () => {
      const client = await connect(stack);
      const session_key = { conversation: `chat-${sandbox}`, agent: "writer" };
      const first = await start(client, { session_key, prompt: prompt("one", { steps: [[say("1")]] }) });
      await waitForEnd(client, first);
      const second = await start(client, { session_key, prompt: prompt("two", { steps: [[say("2")]] }) });
      await waitForEnd(client, second);
      expect(second.session_id).toBe(first.session_id);
      const other = await start(client, {
        session_key: { ...session_key, agent: "critic" },
        prompt: prompt("three", { steps: [[say("3")]] }),
      });
      await waitForEnd(client, other);
      expect(other.session_id).not.toBe(first.session_id);
      const tooLong = await client.callTool("execute_claude", {
        session_key: { conversation: "x".repeat(1_000_000) },
        prompt: "four",
      });
      expect(tooLong.isError).toBe(true);
      await client.close();
    });

    it("asks a person what the mode asks, and runs nothing when the turn is stopped instead [permissions.stop] [tools.ceiling]", async () => {
      const client = await connect(stack);
      const started = await start(client, {
        project: "default",
        permission_mode: "default",
        prompt: prompt("Try to touch.", {
          steps: [[callTool("Bash", { command: "touch asked.txt" })], [say("I was refused.")]],
        }),
      });
      const { waited, ...asked } = await waitForQuestion(client, started);
      expect(asked).toMatchObject({ tool: "Bash", summary: "Bash: touch asked.txt" });
      expect(waited).toMatchObject({ status: "waiting_for_permission" });
      await client.callToolOrThrow("interrupt_session", { session_id: started.session_id });
      const ended = await waitForEnd(client, started);
      expect(ended).toMatchObject({ turn: { status: "interrupted" }, pending_permissions: [] });
      const types = (await readLog(client, started.session_id)).map((event) => event.type);
      expect(types).toEqual(expect.arrayContaining(["permission_requested", "permission_resolved"]));
      expect(JSON.stringify(await client.callToolOrThrow("list_project_files", {}))).not.toContain("asked.txt");
      await client.close();
    });

    it("keeps a message of 10 MB in the log as a short row and gives it back whole [events.large_body]", async () => {
      const tokens = await signIn(stack.url, stack.signInCode);
      const client = await connectModern(`${stack.mcpUrl}?toolsets=all`, tokens);
      const started = await start(client, {
        permission_mode: "bypassPermissions",
        prompt: prompt("Read the large document.", {
          steps: [
            [callTool("Bash", { command: makePdf })],
            [callTool("Read", { file_path: "large.pdf" })],
            [say("I read it.")],
          ],
        }),
      });
      expect((await waitForEnd(client, started)).result?.text).toBe("I read it.");
      const log = await readLog(client, started.session_id);
      const large = log.find((event) => "whole" in event);
      expect(large).toBeDefined();
      const url = `${stack.url}/mcp/sessions/${started.session_id}/events/${large!.seq}`;
      const whole = await fetch(url, { headers: { authorization: `Bearer ${tokens.access_token}` } });
      const text = await whole.text();
      expect(whole.status, text.slice(0, 200)).toBe(200);
      expect(text.length).toBeGreaterThan(9_000_000);
      expect(JSON.stringify(JSON.parse(text))).toContain("JVBERi0"); // "%PDF-" in base64
      await client.close();
    });
  });
}

/** A prompt's first line as it stands in a request: the answer repeats its words, this does not. */
const promptLine = (words: string): string => JSON.stringify(`${words}\nscenario:`).slice(1, -1);

/** Makes a valid PDF of about 3.7 MB, whose message in the CLI has about 10 million characters. */
const makePdf = `node -e '
const fs = require("node:fs"), crypto = require("node:crypto");
const parts = ["%PDF-1.4\\n"], offsets = [];
const add = (body) => { offsets.push(Buffer.concat(parts.map((p) => Buffer.from(p, "latin1"))).length); parts.push((offsets.length) + " 0 obj\\n" + body + "\\nendobj\\n"); };
add("<< /Type /Catalog /Pages 2 0 R >>");
add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R >>");
const noise = crypto.randomBytes(3700000).toString("latin1").replace(/endstream/g, "");
add("<< /Length " + noise.length + " >>\\nstream\\n" + noise + "\\nendstream");
const start = Buffer.from(parts.join(""), "latin1").length;
parts.push("xref\\n0 5\\n0000000000 65535 f \\n" + offsets.map((o) => String(o).padStart(10, "0") + " 00000 n \\n").join("") + "trailer\\n<< /Size 5 /Root 1 0 R >>\\nstartxref\\n" + start + "\\n%%EOF");
fs.writeFileSync("large.pdf", Buffer.from(parts.join(""), "latin1"));
'`;

// What goes in with a prompt and comes out of it besides text, from outside and in both sandbox modes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GIF, PDF, PNG } from "../support/files.ts";
import { callTool, hold, say } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack, type StackOptions } from "../support/stack.ts";
import {
  connect,
  expectWholeLog,
  prompt,
  readLog,
  start,
  timesInConversation,
  waitForEnd,
  waitUntil,
} from "./person.ts";

type Ticket = { upload_id: string; url: string; method: string; headers: Record<string, string> };
type Client = Awaited<ReturnType<typeof connect>>;

async function upload(client: Client, file: { name: string; media_type: string }, body: BodyInit) {
  const ticket = (await client.callToolOrThrow("create_upload", file)) as unknown as Ticket;
  const response = await fetch(ticket.url, { method: ticket.method, headers: ticket.headers, body });
  return { ticket, response };
}

export function describeInputs(sandbox: "process" | "container", options: StackOptions = {}): void {
  describe(`inputs and outputs, with sandboxes as ${sandbox === "process" ? "processes" : "containers"}`, () => {
    let stack: Stack;
    beforeAll(async () => {
      const env = { BERTH_MAX_PERMISSION_MODE: "bypassPermissions", ...options.env };
      stack = await startStack({ sandbox, ...options, env });
    });
    afterAll(() => stack?.stop());

    it("brings an upload and a file of the project to the model [attachments.model] [attachments.upload]", async () => {
      const client = await connect(stack);
      const project = "inputs";
      await client.callToolOrThrow("create_project", { name: project });
      const content = "A file of the project to look at.";
      const write = [callTool("Write", { file_path: "seen.md", content })];
      await waitForEnd(
        client,
        await start(client, { project, prompt: prompt("Write.", { steps: [write, [say("ok")]] }) }),
      );

      const { ticket, response } = await upload(client, { name: "pixel.png", media_type: "image/png" }, PNG);
      expect(response.status).toBe(201);
      const again = await fetch(ticket.url, { method: "PUT", headers: ticket.headers, body: PNG });
      expect(again.status).toBe(403);
      const words = `Look at these, ${sandbox}`;
      const attachments = [{ upload_id: ticket.upload_id }, { project_file: "seen.md" }];
      const started = await start(client, { project, prompt: prompt(words, { steps: [[say("seen")]] }), attachments });
      expect((await waitForEnd(client, started)).result?.text).toBe("seen");
      const sent = stack.model.requests.map(({ body }) => JSON.stringify(body)).filter((body) => body.includes(words));
      expect(sent).toHaveLength(1);
      expect(sent[0]).toContain(Buffer.from(PNG).toString("base64"));
      expect(sent[0]).toContain(content);
      const events = await readLog(client, started.session_id);
      expectWholeLog(events);
      expect(events.find(({ type }) => type === "turn_started")?.data["attachments"]).toEqual([
        { upload_id: ticket.upload_id, name: "pixel.png", media_type: "image/png", bytes: PNG.length },
        { project_file: "seen.md" },
      ]);
      await client.close();
    });

    it("refuses what is no image, at the upload and in the project, and says so [attachments.refused]", async () => {
      const client = await connect(stack);
      const { ticket, response } = await upload(client, { name: "a.png", media_type: "image/png" }, GIF);
      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({ error: { code: "upload_refused" } });
      const early = await client.callTool("execute_claude", {
        prompt: "look",
        attachments: [{ upload_id: ticket.upload_id }],
        wait_seconds: 0,
      });
      expect(early).toMatchObject({ isError: true, text: expect.stringContaining("attachment_not_found") });
      const started = await start(client, { prompt: "look", attachments: [{ project_file: "none.png" }] });
      const ended = await waitForEnd(client, started);
      expect(ended.turn).toMatchObject({ status: "failed", reason: expect.stringContaining('"none.png"') });
      await client.close();
    });

    it("brings a PDF, and goes on with the files in the conversation [attachments.model]", async () => {
      const client = await connect(stack);
      const { ticket } = await upload(client, { name: "paper.pdf", media_type: "application/pdf" }, PDF);
      const words = `Read this, ${sandbox}`;
      const attachments = [{ upload_id: ticket.upload_id }];
      const first = await start(client, { prompt: prompt(words, { steps: [[say("read")]] }), attachments });
      expect((await waitForEnd(client, first)).result?.text).toBe("read");
      const next = await start(client, {
        session_id: first.session_id,
        prompt: prompt("And again.", { steps: [[say("again")]] }),
      });
      expect((await waitForEnd(client, next)).result?.text).toBe("again");
      const data = Buffer.from(PDF).toString("base64");
      expect(timesInConversation(stack, data, "And again.")).toBe(1);
      await client.close();
    });

    it("gives an answer by a schema, and lines with a prefix as events [structured.answer] [structured.prefixes]", async () => {
      const client = await connect(stack);
      const output_schema = { type: "object", properties: { lines: { type: "integer" } }, required: ["lines"] };
      const started = await start(client, {
        prompt: prompt("Count.", { steps: [[callTool("StructuredOutput", { lines: 3 })], [say("counted")]] }),
        output_schema,
      });
      const ended = await waitForEnd(client, started);
      expect(ended.turn?.status).toBe("completed");
      expect(ended.result?.structured).toEqual({ lines: 3 });

      const wrong = Array.from({ length: 8 }, () => [callTool("StructuredOutput", { lines: "three" })]);
      const failed = await waitForEnd(
        client,
        await start(client, {
          session_id: started.session_id,
          prompt: prompt("Count.", { steps: wrong }),
          output_schema,
        }),
      );
      expect(failed.turn).toMatchObject({ status: "failed", reason: expect.stringContaining("output_schema") });
      expect(failed.result).not.toHaveProperty("structured");

      const answer = 'Measured.\n::metric {"ms":12}\n::metric none';
      const lines = await start(client, {
        session_id: started.session_id,
        prompt: prompt("Measure.", { steps: [[say(answer)]] }),
        structured_output_prefixes: ["::metric "],
      });
      expect((await waitForEnd(client, lines)).result?.text).toBe(answer);
      const events = await readLog(client, started.session_id);
      expectWholeLog(events);
      expect(events.filter(({ type }) => type === "structured_output").map(({ data }) => data)).toMatchObject([
        { prefix: "::metric ", text: '{"ms":12}', value: { ms: 12 } },
        { prefix: "::metric ", text: "none" },
      ]);
      await client.close();
    });

    it("refuses what is no schema, and no session begins [structured.schema]", async () => {
      const client = await connect(stack);
      const before = await client.callToolOrThrow("list_sessions", {});
      for (const output_schema of [
        { type: "banana" },
        { type: "object", properties: 5 },
        { type: "object", $id: "x" },
      ]) {
        const refused = await client.callTool("execute_claude", { prompt: "go", output_schema, wait_seconds: 0 });
        expect(refused).toMatchObject({ isError: true, text: expect.stringContaining("output_schema") });
      }
      expect(await client.callToolOrThrow("list_sessions", {})).toEqual(before);
      await client.close();
    });

    it("shows background tasks, what they write, and stops one [tasks.list] [tasks.stop] [tasks.watch]", async () => {
      const client = await connect(stack);
      const command = "echo begun; sleep 300";
      const started = await start(client, {
        permission_mode: "bypassPermissions",
        prompt: prompt("Run it behind.", {
          steps: [[callTool("Bash", { command, run_in_background: true, description: "wait" })], [say("It runs.")]],
          follow_up: [[say("It was stopped.")]],
        }),
      });
      const { session_id } = started;
      await waitForEnd(client, started);
      const list = async () =>
        (await client.callToolOrThrow("list_background_tasks", { session_id })) as unknown as {
          tasks: { task_id: string; status: string }[];
          checked: boolean;
        };
      const { tasks, checked } = await list();
      expect(checked).toBe(true);
      expect(tasks).toMatchObject([{ status: "running", type: "local_bash" }]);
      const task = { session_id, task_id: tasks[0]!.task_id };
      await expect
        .poll(() => client.callToolOrThrow("get_background_task_output", task))
        .toMatchObject({ output: "begun\n", truncated: false });
      const unknown = await client.callTool("stop_background_task", { session_id, task_id: "bxyz" });
      expect(unknown).toMatchObject({ isError: true, text: expect.stringContaining("task_not_found") });
      expect(await client.callToolOrThrow("stop_background_task", task)).toMatchObject({ stopped: true });
      await expect.poll(list).toMatchObject({ tasks: [{ status: "stopped" }] });
      await waitUntil(client, session_id, 30_000, ({ status }) => status === "idle");
      const events = await readLog(client, session_id);
      expectWholeLog(events);
      const changes = events.filter(({ type }) => type === "background_task_changed");
      expect(changes.map(({ data }) => data["status"])).toEqual(["running", "stopped"]);
      await client.close();
    });

    it("feeds the files once, keeps the schema and finds the tasks again when the objects are killed in mid-turn [attachments.hand_over] [structured.answer] [tasks.list]", async () => {
      const client = await connect(stack);
      const { ticket } = await upload(client, { name: "pixel.gif", media_type: "image/gif" }, GIF);
      const gate = `inputs-killed-${sandbox}`;
      const words = `Look while you are killed, ${sandbox}.`;
      const behind = callTool("Bash", { command: "sleep 300", run_in_background: true, description: "wait" });
      const started = await start(client, {
        permission_mode: "bypassPermissions",
        prompt: prompt(words, { steps: [[behind], [hold(gate), callTool("StructuredOutput", { seen: 1 })]] }),
        attachments: [{ upload_id: ticket.upload_id }],
        output_schema: { type: "object", properties: { seen: { type: "integer" } }, required: ["seen"] },
      });
      await stack.model.reached(gate);
      stack.killUserWorkerd();
      await stack.waitForHealth(90_000);
      stack.model.release(gate);
      const ended = await waitForEnd(client, started, 120_000);
      expect(ended.turn).toMatchObject({ status: "completed", number: 1 });
      expect(ended.result?.structured).toEqual({ seen: 1 });
      expect(timesInConversation(stack, Buffer.from(GIF).toString("base64"), words)).toBe(1);
      expectWholeLog(await readLog(client, started.session_id));
      const { session_id } = started;
      const { tasks } = (await client.callToolOrThrow("list_background_tasks", { session_id })) as {
        tasks?: { task_id: string; status: string }[];
      };
      expect(tasks).toMatchObject([{ status: "running" }]);
      await client.callToolOrThrow("end_session", { session_id });
      await client.close();
    }, 240_000);
  });
}

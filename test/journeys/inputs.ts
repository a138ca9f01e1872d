// What goes in with a prompt and comes out of it besides text, from outside and in both sandbox modes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GIF, PNG } from "../support/files.ts";
import { callTool, say } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack, type StackOptions } from "../support/stack.ts";
import { connect, expectWholeLog, prompt, readLog, start, waitForEnd } from "./person.ts";

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
  });
}

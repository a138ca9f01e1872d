import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, prompt, readLog, start, waitForEnd } from "../journeys/person.ts";
import { signIn } from "../support/mcp-clients.ts";
import { callTool, hold, say } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack } from "../support/stack.ts";

describe("what is left of a session of the real Claude Code", () => {
  let stack: Stack;
  let client: Awaited<ReturnType<typeof connect>>;
  let token = "";
  beforeAll(async () => {
    stack = await startStack({ sandbox: "process", env: { BERTH_MAX_PERMISSION_MODE: "bypassPermissions" } });
    client = await connect(stack);
    token = (await signIn(stack.url, stack.signInCode)).access_token;
  });
  afterAll(async () => {
    await client?.close();
    await stack?.stop();
  });

  const get = (url: string, bearer = token) => fetch(url, { headers: { authorization: `Bearer ${bearer}` } });

  it("is exported as JSON lines, with a long message whole, and as a transcript [archive.export]", async () => {
    const started = await start(client, {
      permission_mode: "bypassPermissions",
      prompt: prompt("Read what is long.", {
        steps: [
          [callTool("Bash", { command: "printf 'word %.0s' $(seq 1 2000)", description: "words" })],
          [say("long words ", 30_000)],
        ],
      }),
    });
    await waitForEnd(client, started);
    const { session_id } = started;
    const log = await readLog(client, session_id);
    const answer = await client.client.callTool({ name: "export_session", arguments: { session_id, format: "jsonl" } });
    const place = answer.structuredContent as { url: string; size: number };
    const link = (answer.content as { type: string; uri?: string; size?: number }[]).find(
      ({ type }) => type === "resource_link",
    );
    expect(link).toMatchObject({ uri: place.url, size: place.size });
    const exported = await get(place.url);
    expect(exported.headers.get("content-disposition")).toContain(`session-${session_id}.jsonl`);
    const lines = await exported.text();
    expect(Buffer.byteLength(lines)).toBe(place.size);
    const events = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ seq }) => seq)).toEqual(log.map(({ seq }) => seq));
    expect(events.map(({ type }) => type)).toEqual(log.map(({ type }) => type));
    expect(lines).toContain("long words ".repeat(30_000).trimEnd());
    expect(events.filter(({ body }) => body !== undefined)).toEqual([]);

    const markdown = await client.callToolOrThrow("export_session", { session_id, format: "markdown" });
    const transcript = await (await get(String(markdown["url"]))).text();
    for (const part of [
      "# Read what is long.",
      "## Turn 1",
      "**Tool Bash**",
      "**Result**",
      "long words",
      "_Turn completed: $",
    ])
      expect(transcript).toContain(part);

    expect((await get(place.url, "no-token")).status).toBe(401);
    expect((await get(place.url.replace("jsonl", "xml"))).status).toBe(400);
    expect((await get(place.url.replace(/[0-9a-f]{12}\//, "000000000000/"))).status).toBe(404);
  });

  it("is nothing after a deletion in mid-turn: no process, no file of it in the sandbox, no row, no event [archive.delete]", async () => {
    const gate = "being deleted";
    const started = await start(client, { prompt: prompt("Hold on.", { steps: [[hold(gate), say("never")]] }) });
    const { session_id } = started;
    await stack.model.reached(gate);
    const folders = () => globSync(join(stack.home, "**", "sessions", session_id));
    expect(folders().filter((folder) => existsSync(join(folder, "claude")))).toHaveLength(1);
    const deleted = await client.callToolOrThrow("delete_session", { session_id });
    expect(deleted).toEqual({ session_id, deleted: true });
    stack.model.release(gate);
    expect(folders()).toEqual([]);
    for (const [tool, args] of [
      ["get_session", { session_id }],
      ["wait_for_session", { session_id, wait_seconds: 0 }],
      ["delete_session", { session_id }],
      ["export_session", { session_id }],
      ["execute_claude", { session_id, prompt: "again", wait_seconds: 0 }],
    ] as const) {
      const refused = await client.callTool(tool, args);
      expect([tool, refused.isError, refused.text]).toEqual([tool, true, expect.stringContaining("session_not_found")]);
    }
    const listed = await client.callToolOrThrow("list_sessions", {});
    expect(JSON.stringify(listed)).not.toContain(session_id);
    expect((await get(`${stack.url}/mcp/sessions/${session_id}/events`)).status).toBe(404);
    // The sandbox goes on to serve others.
    const next = await waitForEnd(client, await start(client, { prompt: prompt("Next.", { steps: [[say("here")]] }) }));
    expect(next.result?.text).toBe("here");
    expect(JSON.stringify(await client.callToolOrThrow("list_sessions", {}))).not.toContain(session_id);
  });
});

// The scripted model by itself, and with the real Claude Code in front of it.
import { query, type SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { modelRequestSchema } from "./conversation.ts";
import { callTool, embedScenario, hold, say, type Scenario, think } from "./scenario.ts";
import { type ScriptedModel, startScriptedModel } from "./server.ts";

let model: ScriptedModel;
beforeEach(async () => {
  model = await startScriptedModel();
});
afterEach(() => model.close());

type Message = { role: string; content: unknown };
const user = (content: unknown): Message => ({ role: "user", content });
const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

function post(messages: Message[], more: object = {}): Promise<Response> {
  return fetch(`${model.url}/v1/messages?beta=true`, {
    method: "POST",
    body: JSON.stringify({ model: "claude-test", max_tokens: 10, messages, ...more }),
  });
}

const answerSchema = z.object({ content: z.array(z.object({ text: z.string() })) });
const textOf = async (response: Promise<Response>) =>
  answerSchema.parse(await (await response).json()).content[0]?.text;

describe("a scenario", () => {
  it("is chosen by the newest prompt, and its step by the answers since", async () => {
    model.setScenarios([
      { match: "alpha", steps: [[say("a1")], [say("a2")]] },
      { match: /^beta/, steps: [[say("b1")]] },
    ]);
    expect(await textOf(post([user("alpha")]))).toBe("a1");
    expect(await textOf(post([user("alpha"), assistant("a1"), user([{ type: "tool_result" }])]))).toBe("a2");
    const later = [user("alpha"), assistant("a1"), user([{ type: "text", text: "beta" }])];
    expect(await textOf(post(later))).toBe("b1");
  });

  it("is not chosen by the CLI's reminders", async () => {
    model.setScenarios([{ match: "alpha", steps: [[say("a1")]] }]);
    const content = [
      { type: "text", text: "<system-reminder>beta</system-reminder>" },
      { type: "text", text: "alpha" },
      { type: "text", text: "<system-reminder>gamma</system-reminder>" },
    ];
    expect(await textOf(post([user(content)]))).toBe("a1");
  });

  it("gives an answer again that the CLI says was cut off", async () => {
    model.setScenarios([{ match: "alpha", steps: [[say("a1")], [say("a2")]] }]);
    const cutOff = user("Your response above was cut off mid-stream. Resume directly from where it stops.");
    expect(await textOf(post([user("alpha"), assistant("a"), cutOff]))).toBe("a1");
    const later = [user("alpha"), assistant("a"), cutOff, assistant("a1"), user([{ type: "tool_result" }])];
    expect(await textOf(post(later))).toBe("a2");
  });

  it("can stand in the prompt itself", async () => {
    const prompt = `do it\n${embedScenario({ steps: [[say("from the prompt")]] })}`;
    expect(await textOf(post([user(prompt)]))).toBe("from the prompt");
  });

  it("fails as often as it says, with retry-after, and then answers", async () => {
    const error = { type: "error" as const, status: 529, times: 2, retry_after_seconds: 3 };
    model.setScenarios([{ match: "busy", steps: [[error, say("at last")]] }]);
    for (let time = 0; time < 2; time++) {
      const response = await post([user("busy")]);
      expect(response.status).toBe(529);
      expect(response.headers.get("retry-after")).toBe("3");
      expect(await response.json()).toMatchObject({ type: "error", error: { type: "overloaded_error" } });
    }
    expect(await textOf(post([user("busy")]))).toBe("at last");
  });

  it("cuts the connection after some deltas, once", async () => {
    model.setScenarios([{ match: "cut", steps: [[{ type: "cut", after_deltas: 2 }, say("word ", 100)]] }]);
    await expect(post([user("cut")], { stream: true }).then((response) => response.text())).rejects.toThrow();
    const whole = await (await post([user("cut")], { stream: true })).text();
    expect(whole).toMatch(/message_stop/);
  });

  it("waits at a gate until it is released", async () => {
    model.setScenarios([{ match: "wait", steps: [[hold("gate"), say("passed")]] }]);
    const answer = textOf(post([user("wait")]));
    await model.reached("gate");
    expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, "waiting"))])).toBe("waiting");
    model.release("gate");
    expect(await answer).toBe("passed");
  });
});

describe("without a scenario", () => {
  it("says that it is not Claude", async () => {
    expect(await textOf(post([user("Who are you?")]))).toMatch(/scripted model, not Claude/);
  });

  it("answers HEAD, counts tokens, and refuses what is no Messages request", async () => {
    expect((await fetch(model.url, { method: "HEAD" })).status).toBe(200);
    const counted = await fetch(`${model.url}/v1/messages/count_tokens`, {
      method: "POST",
      body: JSON.stringify({ model: "claude-test", messages: [user("hello")] }),
    });
    expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
    expect((await fetch(`${model.url}/v1/messages`, { method: "POST", body: "{" })).status).toBe(400);
    expect((await fetch(`${model.url}/v1/other`)).status).toBe(404);
  });
});

describe("the requests", () => {
  it("are recorded with headers and body", async () => {
    await post([user("hello")]);
    expect(model.requests).toMatchObject([
      { method: "POST", path: "/v1/messages?beta=true", body: { model: "claude-test" } },
    ]);
  });
});

describe("the real Claude Code", () => {
  async function run(prompt: string, scenarios: Scenario[] = []): Promise<{ cwd: string; messages: SDKMessage[] }> {
    model.setScenarios(scenarios);
    const cwd = mkdtempSync(join(tmpdir(), "berth-scripted-"));
    const home = mkdtempSync(join(tmpdir(), "berth-scripted-home-"));
    const env = {
      PATH: process.env["PATH"],
      HOME: home,
      CLAUDE_CONFIG_DIR: home,
      ANTHROPIC_API_KEY: "any",
      ANTHROPIC_BASE_URL: model.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    };
    const messages: SDKMessage[] = [];
    const options = { cwd, env, permissionMode: "acceptEdits" as const, settingSources: [] };
    for await (const message of query({ prompt, options })) messages.push(message);
    return { cwd, messages };
  }

  it("writes the file that the prompt asks for, in its own folder", async () => {
    const { cwd, messages } = await run("Please write a file notes.md for me");
    expect(readFileSync(join(cwd, "notes.md"), "utf8")).toContain("scripted model");
    expect(messages.at(-1)).toMatchObject({ type: "result", subtype: "success", num_turns: 2 });
  }, 30_000);

  it("thinks, calls tools, survives errors and a cut, and is sent the prompt once [scripted_model.serves]", async () => {
    const { messages } = await run("everything", [
      {
        match: "everything",
        steps: [
          [
            think("let me see"),
            { type: "cut", after_deltas: 1 },
            say("first "),
            callTool("Bash", { command: "echo hi" }),
          ],
          [{ type: "error", status: 529, times: 1, retry_after_seconds: 0 }, say("done")],
        ],
      },
    ]);
    expect(messages.at(-1)).toMatchObject({ type: "result", result: "done" });
    const last = modelRequestSchema.parse(model.requests.at(-1)?.body);
    expect(JSON.stringify(last.messages).split("everything").length - 1).toBe(1);
  }, 30_000);
});

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  localPrincipal,
  newUuid,
  seedCheckpoint,
  type SeededProject,
  seedProject,
} from "../support/seed-checkpoint.ts";
import { ALL_SCOPES, callLegacy, callModern, readRpc, signIn, structuredOf } from "./oauth-client.ts";

const EVERYTHING = [...ALL_SCOPES.split(" "), "configuration:read", "configuration:write"];

let token = "";
let project: SeededProject;
beforeAll(async () => {
  token = (await signIn(EVERYTHING)).access_token;
  project = await seedProject(await localPrincipal(), "prompted");
  const files = [
    { path: "README.md", content: "# Prompted\n" },
    { path: "data.bin", content: Uint8Array.from([0, 255, 1]) },
    { path: "src/add.ts", content: "export const add = 1;\n" },
    { path: "src/äpfel #1.ts", content: "export {};\n" },
    { path: "src/large.txt", content: "x".repeat(200_000) },
    { path: "src/sub.ts", content: "export const sub = 1;\n" },
    { path: "srd.ts", content: "export {};\n" },
  ];
  await seedCheckpoint(project, { files });
});

const rpc = async (method: string, params: Record<string, unknown> = {}, access = token) =>
  readRpc(await callModern(access, method, params));
const callTool = async (name: string, args: object) => {
  const params = { name, arguments: args };
  const answer = await readRpc(await callModern(token, "tools/call", params, { query: "?toolsets=all" }));
  expect(answer.result?.isError, JSON.stringify(answer)).not.toBe(true);
  return structuredOf(answer) as any;
};
const get = async (name: string, args: object) => rpc("prompts/get", { name, arguments: args });
const complete = async (ref: object, argument: object, given: object = {}) => {
  const answer = await rpc("completion/complete", { ref, argument, context: { arguments: given } });
  return (answer.result?.["completion"] as { values: string[] } | undefined)?.values;
};
const inFile = (name: string) => ({ type: "ref/prompt", name });

describe("the prompts about a file", () => {
  it("are listed with their arguments, to clients of both eras [prompts.list]", async () => {
    const listed = (await rpc("prompts/list")).result?.["prompts"] as any[];
    expect(listed.slice(0, 3).map(({ name }) => name)).toEqual([
      "code_review",
      "refactor_suggestion",
      "test_generation",
    ]);
    const names = (prompt: any) => prompt.arguments.map((one: any) => `${one.name}${one.required ? "!" : ""}`);
    expect(listed.slice(0, 3).map(names)).toEqual([
      ["file_path!", "project", "review_type"],
      ["file_path!", "project", "focus_area"],
      ["file_path!", "project", "test_framework"],
    ]);
    const legacy = await readRpc(await callLegacy(token, "prompts/list", {}));
    expect(legacy.result?.["prompts"]).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ name: "code_review" })]),
    );
  });

  it("bring the file along as it is in the project's head, without a sandbox [prompts.file]", async () => {
    const args = { project: "prompted", file_path: "src/add.ts", review_type: "security" };
    const { messages } = (await get("code_review", args)).result as any;
    expect(messages[0]).toMatchObject({ role: "user", content: { type: "text" } });
    expect(messages[0].content.text).toContain("what an attacker could do");
    expect(messages[1].content).toEqual({
      type: "resource",
      resource: {
        uri: "claude://projects/prompted/files/src/add.ts",
        mimeType: "text/plain",
        text: "export const add = 1;\n",
      },
    });
    const odd = (await get("test_generation", { project: "prompted", file_path: "src/äpfel #1.ts" })).result as any;
    expect(odd.messages[1].content.resource.uri).toBe("claude://projects/prompted/files/src/%C3%A4pfel%20%231.ts");
    const large = (await get("refactor_suggestion", { project: "prompted", file_path: "src/large.txt" })).result as any;
    const { text } = large.messages[1].content.resource as { text: string };
    expect(text.length).toBeLessThan(140_000);
    expect(text).toMatch(/first 131072 of the file's 200000 bytes/);
  });

  it.each([
    ["code_review", { project: "prompted", file_path: "missing.ts" }, /^file_not_found/],
    ["code_review", { project: "prompted", file_path: "data.bin" }, /no text/],
    ["code_review", { project: "prompted", file_path: "../x" }, /file_path/],
    ["code_review", { project: "prompted" }, /file_path: is missing/],
    ["code_review", { project: "prompted", file_path: "README.md", review_type: "beauty" }, /review_type/],
    ["code_review", { project: "prompted", file_path: "README.md", more: "x" }, /there is no parameter "more"/],
    ["code_review", { project: "nobodys", file_path: "README.md" }, /^project_not_found/],
    ["no_such_prompt", {}, /^not_found/],
  ])("are refused with the reason: %s %o [prompts.input]", async (name, args, reason) => {
    expect((await get(name, args)).error?.message).toMatch(reason);
  });

  it("ask for the scope that they take [prompts.scopes]", async () => {
    const { access_token } = await signIn(["sessions:read"]);
    const wanted = { name: "code_review", arguments: { file_path: "README.md", project: "prompted" } };
    const refused = await callModern(access_token, "prompts/get", wanted);
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toContain("projects:read");
    const command = await callModern(access_token, "prompts/get", { name: "anything", arguments: {} });
    expect(command.headers.get("www-authenticate")).toContain("configuration:read");
    const listed = (await rpc("prompts/list", {}, access_token)).result?.["prompts"] as any[];
    expect(listed).toHaveLength(3);
    const completing = { ref: inFile("code_review"), argument: { name: "project", value: "" } };
    expect((await rpc("completion/complete", completing, access_token)).result?.["completion"]).toMatchObject({
      values: [],
    });
  });
});

describe("completions", () => {
  it("name projects, files and the few values that there are [prompts.completion]", async () => {
    const ref = inFile("code_review");
    expect(await complete(ref, { name: "project", value: "promp" })).toEqual(["prompted"]);
    const given = { project: "prompted" };
    expect(await complete(ref, { name: "file_path", value: "src/" }, given)).toEqual([
      "src/add.ts",
      "src/large.txt",
      "src/sub.ts",
      "src/äpfel #1.ts",
    ]);
    expect(await complete(ref, { name: "file_path", value: "src/s" }, given)).toEqual(["src/sub.ts"]);
    expect(await complete(ref, { name: "file_path", value: "zzz" }, given)).toEqual([]);
    expect(await complete(ref, { name: "review_type", value: "s" })).toEqual(["security", "style"]);
    const files = { type: "ref/resource", uri: "claude://projects/{project}/files/{+path}" };
    expect(await complete(files, { name: "project", value: "promp" })).toEqual(["prompted"]);
    expect(await complete(files, { name: "path", value: "READ" }, given)).toEqual(["README.md"]);
  });

  it("name nothing of what is not there, or not this person's [prompts.completion]", async () => {
    const ref = inFile("code_review");
    for (const name of ["nobodys", "../x", ""]) {
      expect(await complete(ref, { name: "file_path", value: "" }, { project: name })).toEqual([]);
    }
    expect(await complete(inFile("nothing"), { name: "file_path", value: "" })).toEqual([]);
    expect(await complete(ref, { name: "nothing", value: "" })).toEqual([]);
    expect(await complete({ type: "ref/resource", uri: "claude://nothing/{x}" }, { name: "x", value: "" })).toEqual([]);
  });
});

describe("saved slash commands", () => {
  it("are prompts, the project's under its name, with their arguments in place [prompts.commands]", async () => {
    const create = (place: object, name: string, markdown: string) =>
      callTool("create_slash_command", { ...place, name, markdown });
    const markdown = "---\ndescription: of the team\nargument-hint: what to check\n---\nCheck $0 and then $ARGUMENTS.";
    await create({ scope: "team" }, "check", markdown);
    await create({ scope: "team" }, "shared", "Of the team.");
    await create({ scope: "user" }, "shared", "Of the person.");
    await create({ scope: "user" }, "code_review", "My own review.");
    await create({ scope: "project", project: "prompted" }, "check", "Of the project.");
    const listed = (await rpc("prompts/list")).result?.["prompts"] as any[];
    expect(listed.slice(3).map(({ name }) => name)).toEqual(["check@prompted", "check", "saved:code_review", "shared"]);
    expect(listed.find(({ name }) => name === "check")).toEqual({
      name: "check",
      description: "of the team",
      arguments: [{ name: "arguments", description: "what to check", required: false }],
    });
    const textOf = async (name: string, args: object = {}) =>
      ((await get(name, args)).result as any).messages.map(({ content }: any) => content.text);
    expect(await textOf("check", { arguments: '"the tests" twice' })).toEqual([
      'Check the tests and then "the tests" twice.',
    ]);
    expect(await textOf("check@prompted", { arguments: "now" })).toEqual(["Of the project.\n\nARGUMENTS: now"]);
    expect(await textOf("shared")).toEqual(["Of the person."]);
    expect(await textOf("saved:code_review")).toEqual(["My own review."]);
    expect((await get("check", { more: "x" })).error?.message).toContain("takes one argument");
  });

  it("of others are not there [prompts.commands]", async () => {
    const { team_id } = await localPrincipal();
    const add = (team: string, scope: string, id: string) =>
      env.DB.prepare("INSERT INTO configuration_items VALUES (?, ?, ?, 'command', ?, ?, 1, 'x', '2026-01-01')").bind(
        team,
        scope,
        id,
        `theirs-${scope}`,
        JSON.stringify({
          description: null,
          category: null,
          argument_hint: null,
          allowed_tools: [],
          model: null,
          body: "x",
        }),
      );
    const other = newUuid();
    await env.DB.batch([
      add(other, "team", other),
      add(team_id, "user", newUuid()),
      add(team_id, "project", newUuid()),
    ]);
    expect(JSON.stringify((await rpc("prompts/list")).result)).not.toContain("theirs");
    expect((await get("theirs-user", {})).error?.message).toMatch(/^not_found/);
  });
});

describe("prompts called like what every object has", () => {
  const names = ["toString", "constructor", "valueOf", "hasOwnProperty", "__proto__"];

  it("are prompts like any other, in their list and by their names [prompts.commands]", async () => {
    const name = "constructor";
    await callTool("create_slash_command", { scope: "user", name, markdown: "Build $ARGUMENTS." });
    const listed = (await rpc("prompts/list")).result?.["prompts"] as any[];
    expect(listed.map((one) => one.name)).toContain(name);
    const textOf = (answer: any) => answer.result.messages[0].content.text;
    const params = { name, arguments: { arguments: "it" } };
    expect(textOf(await get(name, params.arguments))).toBe("Build it.");
    expect(textOf(await readRpc(await callLegacy(token, "prompts/get", params)))).toBe("Build it.");
    const { access_token } = await signIn(["sessions:read"]);
    for (const asked of names) {
      const refused = await callModern(access_token, "prompts/get", { name: asked, arguments: {} });
      expect(refused.headers.get("www-authenticate")).toContain("configuration:read");
    }
  });

  it.each(["toString", "isPrototypeOf", "__defineGetter__", "__proto__"])(
    "are not there when nobody saved them: %s [prompts.input]",
    async (name) => {
      expect((await get(name, {})).error?.message).toMatch(/^not_found/);
      expect(await complete(inFile(name), { name: "project", value: "" })).toEqual([]);
      expect(await complete(inFile("code_review"), { name, value: "" })).toEqual([]);
    },
  );

  it("complete to nothing as arguments [prompts.completion]", async () => {
    for (const name of names) expect(await complete(inFile("code_review"), { name, value: "" })).toEqual([]);
  });
});

describe("the resources of agents and usage", () => {
  const read = async (uri: string, access = token) => {
    const answer = await rpc("resources/read", { uri }, access);
    const [content] = (answer.result?.["contents"] ?? []) as { text: string }[];
    return { error: answer.error?.message, value: content === undefined ? null : (JSON.parse(content.text) as any) };
  };

  it("list the agents, and show one [resources.agents]", async () => {
    const fields = { name: "shown", description: "is shown", system_prompt: "You are shown." };
    const { agent_id } = await callTool("create_agent", fields);
    const { value } = await read("claude://agents");
    expect(value.agents).toMatchObject([{ agent_id, name: "shown", version: 1 }]);
    expect(JSON.stringify(value)).not.toContain("You are shown.");
    expect((await read(`claude://agents/${agent_id}`)).value.definition.system_prompt).toBe("You are shown.");
    expect((await read(`claude://agents/${newUuid()}`)).error).toMatch(/^agent_not_found/);
    expect((await read("claude://agents/nonsense")).error).toContain("URI is not valid");
  });

  it("sum up a day in UTC, by model [resources.usage]", async () => {
    const { team_id, user_id } = await localPrincipal();
    const add = (team: string, at: string, tokens: number) =>
      env.DB.prepare(
        `INSERT INTO model_usage (turn_id, session_id, team_id, user_id, project_id, model, runtime, requests,
           estimated_requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens,
           cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd,
           reported_cost_usd, occurred_at, version)
         VALUES (?, ?, ?, ?, 'p', 'claude-sonnet-5', 'claude_code', 1, 0, ?, 0, 0, 0, 0, 0, 0, 0.5, 0.5, ?, 1)`,
      ).bind(newUuid(), newUuid(), team, user_id, tokens, at);
    const today = new Date().toISOString().slice(0, 10);
    await env.DB.batch([
      add(team_id, `${today}T00:00:00.000Z`, 10),
      add(team_id, `${today}T23:59:59.999Z`, 20),
      add(team_id, "2026-01-31T12:00:00.000Z", 400),
      add(newUuid(), `${today}T12:00:00.000Z`, 8_000),
    ]);
    expect((await read("claude://usage/today")).value).toMatchObject({
      date: today,
      time_zone: "UTC",
      totals: { requests: 2, input_tokens: 30, cost_usd: 1 },
      models: [{ model: "claude-sonnet-5", input_tokens: 30 }],
    });
    expect((await read("claude://usage/2026-01-31")).value).toMatchObject({ totals: { input_tokens: 400 } });
    expect((await read("claude://usage/2026-02-31")).error).toContain("URI is not valid");
  });
});

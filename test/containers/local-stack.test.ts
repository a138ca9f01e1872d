// npm start with real containers: what lives on when it is killed, what is sealed off, and that Ctrl-C leaves nothing.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDocker } from "../../local/containers.ts";
import { openHome } from "../../local/home.ts";
import { workerNameOf } from "../../local/wrangler.ts";
import { connectModern, signIn } from "../support/mcp-clients.ts";
import { say } from "../support/scripted-model/scenario.ts";
import { type Stack, startStack } from "../support/stack.ts";

const command = process.env["WRANGLER_DOCKER_BIN"] ?? "docker";
const docker = createDocker(command);
const run = promisify(execFile);
const hasDocker = await docker.answers();

describe.runIf(hasDocker)("npm start with containers", () => {
  let stack: Stack;
  let workerName = "";
  beforeAll(async () => {
    stack = await startStack({ sandbox: "container" });
    workerName = workerNameOf(openHome(stack.home).home_id);
  });
  afterAll(async () => {
    await stack?.stop();
    if (workerName !== "") await docker.removeSandboxes(workerName);
  });

  const connect = async () => connectModern(stack.url, await signIn(stack.url, stack.signInCode));
  const sandboxes = () => docker.listSandboxes(workerName);
  const sandbox = async () => (await sandboxes()).find((name) => !name.endsWith("-proxy")) ?? "";
  const idOf = async (name: string) => (await run(command, ["inspect", "--format", "{{.Id}}", name])).stdout.trim();

  /** The status that a request from inside the sandbox gets; null when nothing answers. */
  async function askFromInside(url: string, method = "GET"): Promise<number | null> {
    const script = `fetch(${JSON.stringify(url)}, { method: ${JSON.stringify(method)}, signal: AbortSignal.timeout(3000) })
      .then((answer) => console.log(answer.status), () => console.log("null"))`;
    const { stdout } = await run(command, ["exec", await sandbox(), "node", "-e", script]);
    return JSON.parse(stdout) as number | null;
  }

  it("runs a job in a container of this home's own [sandbox.container]", async () => {
    const client = await connect();
    const answer = await client.callToolOrThrow("execute_claude", { prompt: "write hello.txt", wait_seconds: 40 });
    expect(answer).toMatchObject({ status: "idle", result: { is_error: false } });
    expect(await client.callToolOrThrow("read_project_file", { path: "hello.txt" })).toMatchObject({
      content: expect.stringContaining("Prompt: write hello.txt"),
    });
    expect(await sandbox()).toMatch(new RegExp(`^workerd-${workerName}-`));
    await client.close();
  });

  it("opens the model route and the runner's own to the sandbox, and nothing else [container.sealed] [forwarder.routes]", async () => {
    const { stdout } = await run(command, ["inspect", "--format", "{{json .Config.Env}}", await sandbox()]);
    const entries = JSON.parse(stdout) as string[];
    const edge = entries.find((entry) => entry.startsWith("BERTH_EDGE_URL="))?.slice("BERTH_EDGE_URL=".length) ?? "";
    expect(entries.join(" ")).not.toContain(stack.modelKey);
    expect(await askFromInside(`${edge}/model/v1/messages`, "POST")).toBe(401);
    expect(await askFromInside(`${edge}/model`, "HEAD")).not.toBeNull();
    expect(await askFromInside(`${edge}/runner/wake`, "POST")).toBeGreaterThanOrEqual(400);
    for (const path of [
      "/",
      "/mcp",
      "/authorize",
      "/token",
      "/register",
      "/health",
      "/.well-known/oauth-authorization-server",
    ]) {
      expect([path, await askFromInside(`${edge}${path}`)]).toEqual([path, 404]);
      expect([path, await askFromInside(`${edge}${path}`, "POST")]).toEqual([path, 404]);
    }
    expect(await askFromInside(`http://${new URL(edge).hostname}:${stack.port}/health`)).toBeNull();
  });

  it("finishes a turn in the same container when npm start is killed and started again [recovery.start_killed]", async () => {
    stack.model.setScenarios([{ match: "hold it", steps: [[{ type: "hold", gate: "held" }, say("released")]] }]);
    const before = await connect();
    const prompt = { prompt: "hold it", wait_seconds: 0 };
    const { session_id } = await before.callToolOrThrow("execute_claude", prompt);
    await stack.model.reached("held");
    const [name, id] = [await sandbox(), await idOf(await sandbox())];
    await before.close();
    await stack.killStart();
    await stack.restart();
    stack.model.release("held");
    const after = await connect();
    const done = await after.callToolOrThrow("wait_for_session", { session_id, wait_seconds: 40 });
    expect(done).toMatchObject({ turn: { status: "completed" }, result: { is_error: false, text: "released" } });
    const events = done["events"] as { seq: number }[];
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(await idOf(name)).toBe(id);
    await after.close();
  });

  it("ends the containers of its own home alone, and leaves none on Ctrl-C [start.ctrl_c]", async () => {
    const other = `workerd-${workerName}0-WorkspaceObject-other`;
    const image = (await run(command, ["inspect", "--format", "{{.Image}}", await sandbox()])).stdout.trim();
    await run(command, ["run", "--detach", "--name", other, "--entrypoint", "sleep", image, "600"]);
    try {
      expect(await sandboxes()).toHaveLength(2);
      await stack.interrupt();
      expect(await sandboxes()).toEqual([]);
      expect(stack.processes()).toEqual([]);
      expect((await run(command, ["inspect", "--format", "{{.State.Running}}", other])).stdout.trim()).toBe("true");
    } finally {
      await run(command, ["rm", "--force", other]);
    }
  });
});

// What is killed in mid-turn, and what must come of it: the log 1 to n, each prompt once in the conversation, no work twice.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTool, hold, say } from "../support/scripted-model/scenario.ts";
import { sandboxFaults } from "../support/sandbox-faults.ts";
import { startStack, type Stack } from "../support/stack.ts";
import {
  connect,
  expectWholeLog,
  prompt,
  readFile,
  readLog,
  start,
  timesInConversation,
  waitForEnd,
  waitUntil,
  type Started,
  type Waited,
} from "./person.ts";

type Fault = {
  /** Named in the project and the prompt. */
  name: string;
  strike(stack: Stack): Promise<void> | void;
  heals(stack: Stack): Promise<void>;
};

const KILLS: Record<"wrangler" | "user" | "proxy" | "start", Fault> = {
  wrangler: {
    name: "wrangler",
    strike: (stack) => stack.killWranglerTree(),
    heals: (stack) => stack.waitForHealth(90_000),
  },
  user: {
    name: "user-workerd",
    strike: (stack) => stack.killUserWorkerd(),
    heals: (stack) => stack.waitForHealth(90_000),
  },
  proxy: {
    name: "proxy-workerd",
    strike: (stack) => stack.killProxyWorkerd(),
    heals: (stack) => stack.waitForHealth(90_000),
  },
  start: {
    name: "start",
    strike: (stack) => stack.killStart(),
    heals: (stack) => stack.restart(),
  },
};

type Client = Awaited<ReturnType<typeof connect>>;
type Broken = { client: Client; project: string; started: Started; words: string };

export function describeRecovery(sandbox: "process" | "container"): void {
  describe(`killed in mid-turn, with sandboxes as ${sandbox === "process" ? "processes" : "containers"}`, () => {
    let stack: Stack;
    beforeAll(async () => {
      stack = await startStack({ sandbox, env: { BERTH_MAX_PERMISSION_MODE: "bypassPermissions" } });
    });
    afterAll(() => stack?.stop());

    /** Begins a turn that has done work and waits for the model, and strikes. */
    async function strikeInMidTurn(
      name: string,
      strike: () => Promise<void> | void,
      heal: () => Promise<void> = async () => {},
    ): Promise<Broken> {
      const client = await connect(stack);
      const project = `kill-${name}`;
      await client.callToolOrThrow("create_project", { name: project });
      const gate = `${name}-${sandbox}`;
      const words = `Work through the fault ${gate}.`;
      const work = callTool("Bash", { command: "echo once >> work.txt", description: "work" });
      const steps = [[work], [say("half"), hold(gate), say("done")]];
      const started = await start(client, {
        project,
        permission_mode: "bypassPermissions",
        prompt: prompt(words, { steps }),
      });
      await stack.model.reached(gate);
      await strike();
      await heal();
      stack.model.release(gate);
      return { client, project, started, words };
    }

    const strikeWith = (fault: Fault): Promise<Broken> =>
      strikeInMidTurn(
        fault.name,
        () => fault.strike(stack),
        () => fault.heals(stack),
      );

    async function expectSameTurnFinished({ client, project, started, words }: Broken): Promise<void> {
      const ended = await waitForEnd(client, started, 120_000);
      expect(ended.turn).toMatchObject({ status: "completed", number: 1 });
      expect(ended.result?.text).toBe("done");
      await expectNothingLostOrRepeated({ client, project, started, words });
    }

    async function expectNothingLostOrRepeated({ client, project, started, words }: Broken): Promise<void> {
      const events = await readLog(client, started.session_id);
      expectWholeLog(events);
      expect(timesInConversation(stack, words)).toBe(1);
      expect(await readFile(client, project, "work.txt")).toBe("once\n");
      expect(events.filter((event) => event.type === "tool_call_started")).toHaveLength(1);
    }

    async function expectNextPromptWorks({ client, started }: Broken): Promise<Waited> {
      const next = await start(client, {
        session_id: started.session_id,
        prompt: prompt("And now?", { steps: [[say("It goes on.")]] }),
      });
      const ended = await waitForEnd(client, next);
      expect(ended).toMatchObject({ status: "idle", turn: { status: "completed" } });
      expect(ended.result?.text).toBe("It goes on.");
      return ended;
    }

    it("finishes the same turn after all of wrangler dev was killed [recovery.wrangler_killed] [recovery.reattach]", async () => {
      await expectSameTurnFinished(await strikeWith(KILLS.wrangler));
    });

    it("finishes the same turn after the workerd with the objects was killed [recovery.workerd_killed]", async () => {
      await expectSameTurnFinished(await strikeWith(KILLS.user));
    });

    it("finishes the same turn after the workerd in front was killed [recovery.workerd_killed]", async () => {
      await expectSameTurnFinished(await strikeWith(KILLS.proxy));
    });

    it("fails the turn clearly when Claude Code was killed, and takes the next prompt [session.cli_killed]", async () => {
      const faults = sandboxFaults(stack, sandbox);
      const broken = await strikeInMidTurn("cli", () => faults.killClis());
      const ended = await waitForEnd(broken.client, broken.started);
      expect(ended.turn).toMatchObject({ status: "failed" });
      expect(ended.turn?.reason).toContain("SIGKILL");
      expectWholeLog(await readLog(broken.client, broken.started.session_id));
      await expectNextPromptWorks(broken);
      expect(timesInConversation(stack, broken.words)).toBe(1);
    });

    it("ends the turn as interrupted when its sandbox was replaced by an empty one, and says that files are gone; the conversation goes on [transcripts.restore] [recovery.sandbox_replaced] [recovery.files_lost] [recovery.lost]", async () => {
      const faults = sandboxFaults(stack, sandbox);
      const broken = await strikeInMidTurn("earlier", () => {});
      await waitForEnd(broken.client, broken.started);
      const again = await start(broken.client, {
        session_id: broken.started.session_id,
        prompt: prompt("Hold on.", { steps: [[say("so far"), hold(`gone-${sandbox}`), say("so good")]] }),
      });
      await stack.model.reached(`gone-${sandbox}`);
      await faults.replaceSandboxes();
      stack.model.release(`gone-${sandbox}`);
      const ended = await waitForEnd(broken.client, again);
      expect(ended.turn).toMatchObject({ status: "interrupted" });
      const before = (await readLog(broken.client, again.session_id)).length;
      await expectNextPromptWorks(broken);
      const events = await readLog(broken.client, again.session_id);
      expectWholeLog(events);
      const added = events.slice(before);
      expect(added.find((event) => event.type === "turn_started")?.data["notes"]).toMatchObject([
        expect.stringContaining("files"),
      ]);
      // The conversation went on in the empty sandbox, each prompt in it once.
      expect(timesInConversation(stack, broken.words)).toBe(1);
      // The new runtime counts its entries from 1 again: none of them may be taken for one that is held already.
      expect(added.filter((event) => event.type === "message_received").length).toBeGreaterThan(1);
    });

    it("keeps a tool back while nobody decides, also when the object that was asked is killed, and goes on after the answer [runner.gate] [recovery.workerd_killed]", async () => {
      const client = await connect(stack);
      const project = "kill-asked";
      await client.callToolOrThrow("create_project", { name: project });
      const wait = { command: "until [ -e go ]; do sleep 0.1; done", description: "wait", run_in_background: true };
      const asked = callTool("Bash", { command: "echo once >> asked.txt", description: "work" });
      const follow_up = [[asked], [say("asked and done")]];
      const options = { project, permission_mode: "bypassPermissions" };
      const steps = [[callTool("Bash", wait)], [say("it waits")]];
      const first = await start(client, { ...options, prompt: prompt("Wait.", { steps, follow_up }) });
      await waitForEnd(client, first);
      // Another session has the lease, so that the follow-up's tool waits for its answer.
      const gate = `asked-${sandbox}`;
      const holding = [[callTool("Bash", { command: "touch go", description: "go" })], [hold(gate), say("done")]];
      const second = await start(client, { ...options, prompt: prompt("Hold on.", { steps: holding }) });
      await stack.model.reached(gate);
      const isAsked = async () =>
        (await readLog(client, first.session_id)).some(
          (event) => event.type === "tool_call_started" && event.turn_id !== first.turn_id,
        );
      await expect.poll(isAsked, { timeout: 30_000 }).toBe(true);
      const isDone = async () => !(await client.callTool("read_project_file", { project, path: "asked.txt" })).isError;
      expect(await isDone()).toBe(false);
      stack.killUserWorkerd();
      await stack.waitForHealth(90_000);
      await sleep(3_000);
      expect(await isDone()).toBe(false);
      stack.model.release(gate);
      await waitForEnd(client, second, 120_000);
      const followUp = await waitUntil(client, first.session_id, 60_000, ({ turn }) => {
        return turn?.origin === "follow_up" && turn.ended_at !== null;
      });
      expect(followUp).toMatchObject({ turn: { number: 2, status: "completed" } });
      expect(followUp.result?.text).toBe("asked and done");
      expect(await readFile(client, project, "asked.txt")).toBe("once\n");
      expectWholeLog(await readLog(client, first.session_id));
    });

    it(`loses and repeats nothing when npm start was killed and started again [recovery.start_killed]`, async () => {
      const broken = await strikeWith(KILLS.start);
      if (sandbox === "container") return expectSameTurnFinished(broken);
      // A runner that is a plain process ends with the run that it belonged to; its files stay.
      const ended = await waitForEnd(broken.client, broken.started);
      expect(ended.turn).toMatchObject({ status: "interrupted" });
      await expectNothingLostOrRepeated(broken);
      await expectNextPromptWorks(broken);
    });
  });
}

// What a person does with checkpoints, from a turn's own one to a branch that works beside it: over the whole stack.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTool, hold, say } from "../support/scripted-model/scenario.ts";
import { sandboxFaults } from "../support/sandbox-faults.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { connect, prompt, readFile, readLog, start, timesInConversation, waitForEnd } from "./person.ts";

type Client = Awaited<ReturnType<typeof connect>>;
type Answer = Record<string, unknown>;
type Checkpoint = {
  checkpoint_id: string;
  parent_id: string | null;
  kind: string;
  message: string;
  turn_id: string | null;
  event_seq: number | null;
  files: number;
  changes: { added: number; changed: number; removed: number };
};

export async function listCheckpoints(client: Client, project: string, args: Answer = {}): Promise<Checkpoint[]> {
  const list = await client.callToolOrThrow("list_checkpoints", { project, ...args });
  return list["checkpoints"] as Checkpoint[];
}

/** Calls again with its operation until it has ended. */
export async function finish(client: Client, tool: string, args: Answer): Promise<Answer> {
  let answer = await client.callToolOrThrow(tool, args);
  while (answer["status"] === "running" || answer["status"] === "queued") {
    answer = await client.callToolOrThrow(tool, { ...args, operation_id: answer["operation_id"] });
  }
  return answer;
}

async function work(client: Client, args: Answer, words: string, command: string) {
  const steps = [[callTool("Bash", { command, description: "work" })], [say("done")]];
  const started = await start(client, {
    permission_mode: "bypassPermissions",
    ...args,
    prompt: prompt(words, { steps }),
  });
  const ended = await waitForEnd(client, started);
  expect(ended.turn?.status, JSON.stringify(ended.turn)).toBe("completed");
  return started;
}

/** The turn's own checkpoint, once it is in the timeline. */
async function checkpointOf(client: Client, project: string, turnId: string): Promise<Checkpoint> {
  let found: Checkpoint | undefined;
  await expect
    .poll(async () => (found = (await listCheckpoints(client, project)).find(({ turn_id }) => turn_id === turnId)), {
      timeout: 30_000,
    })
    .toBeDefined();
  if (found === undefined) throw new Error("no checkpoint");
  return found;
}

export function describeCheckpoints(sandbox: "process" | "container"): void {
  describe(`checkpoints, with sandboxes as ${sandbox === "process" ? "processes" : "containers"}`, () => {
    let stack: Stack;
    let client: Client;
    beforeAll(async () => {
      stack = await startStack({ sandbox, env: { BERTH_MAX_PERMISSION_MODE: "bypassPermissions" } });
      client = await connect(stack);
    });
    afterAll(async () => {
      await client?.close();
      await stack?.stop();
    });

    it("every turn ends with one; restoring an earlier one undoes the later turn, files and conversation [checkpoints.timeline] [checkpoints.conversation] [checkpoints.backup]", async () => {
      const project = "undo";
      await client.callToolOrThrow("create_project", { name: project });
      const first = await work(
        client,
        { project },
        "Write the first.",
        "printf one > one.txt; printf '\\000\\377' > raw.bin",
      );
      const { session_id } = first;
      const before = await checkpointOf(client, project, first.turn_id);
      expect(before).toMatchObject({ kind: "turn", files: 2, changes: { added: 2, changed: 0, removed: 0 } });
      const second = await work(client, { session_id }, "Spoil it.", "rm one.txt raw.bin; printf two > two.txt");
      const after = await checkpointOf(client, project, second.turn_id);
      expect(after).toMatchObject({ parent_id: before.checkpoint_id, changes: { added: 1, changed: 0, removed: 2 } });
      const plan = await finish(client, "restore_checkpoint", {
        project,
        checkpoint_id: before.checkpoint_id,
        dry_run: true,
      });
      expect(plan["plan"]).toMatchObject({ write: 2, change: 0, delete: 1 });
      expect(await readFile(client, project, "two.txt")).toBe("two");
      await finish(client, "restore_checkpoint", {
        project,
        checkpoint_id: before.checkpoint_id,
        include_conversation: true,
      });
      expect(await readFile(client, project, "one.txt")).toBe("one");
      await expect(readFile(client, project, "two.txt")).rejects.toThrow("file_not_found");
      // The conversation continues from there: what was undone was never said.
      await work(client, { session_id }, "Go on from here.", "printf three > three.txt");
      expect(timesInConversation(stack, "Write the first.", "Go on from here.")).toBe(1);
      expect(timesInConversation(stack, "Spoil it.", "Go on from here.")).toBe(0);
      const told = async () => (await readLog(client, session_id)).filter(({ type }) => type === "checkpoint_created");
      await expect.poll(async () => (await told()).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    });

    it("one that is made by hand is there for whoever has its id, in the same moment [checkpoints.timeline]", async () => {
      const project = "by-hand";
      await client.callToolOrThrow("create_project", { name: project });
      await work(client, { project }, "Write something.", "printf one > one.txt");
      const made = await finish(client, "create_checkpoint", { project, message: "by hand" });
      const { checkpoint_id } = made["checkpoint"] as Checkpoint;
      const [listed, told, plan] = await Promise.all([
        listCheckpoints(client, project),
        client.callToolOrThrow("get_checkpoint", { checkpoint_id }),
        finish(client, "restore_checkpoint", { project, checkpoint_id, dry_run: true }),
      ]);
      expect(listed[0]).toMatchObject({ checkpoint_id, message: "by hand" });
      expect(told["checkpoint"]).toMatchObject({ checkpoint_id });
      expect(plan["plan"]).toMatchObject({ write: 0, change: 0, delete: 0 });
    });

    it("a sandbox that is gone comes back with its files before the next turn begins [checkpoints.wake]", async () => {
      const project = "wakes";
      await client.callToolOrThrow("create_project", { name: project });
      const first = await work(
        client,
        { project },
        "Make something to keep.",
        "mkdir -p deep/empty; printf kept > deep/kept.txt; chmod 755 deep/kept.txt; ln -s kept.txt deep/link",
      );
      await checkpointOf(client, project, first.turn_id);
      await sandboxFaults(stack, sandbox).replaceSandboxes();
      const look =
        "stat -c '%a' deep/kept.txt > mode.txt; readlink deep/link >> mode.txt; test -d deep/empty && echo there >> mode.txt";
      await work(client, { session_id: first.session_id }, "Look at it.", look);
      expect(await readFile(client, project, "mode.txt")).toBe("755\nkept.txt\nthere\n");
    });

    it("a branch from a checkpoint works in a sandbox of its own, beside the one it came from [checkpoints.branches] [checkpoints.fork]", async () => {
      const project = "branches";
      await client.callToolOrThrow("create_project", { name: project });
      const first = await work(client, { project }, "Begin.", "printf base > base.txt");
      const base = await checkpointOf(client, project, first.turn_id);
      const gate = `beside-${sandbox}`;
      const slow = await start(client, {
        session_id: first.session_id,
        permission_mode: "bypassPermissions",
        prompt: prompt("Work on main.", { steps: [[hold(gate), say("late")]] }),
      });
      await stack.model.reached(gate);
      const beside = await work(
        client,
        { project, checkpoint_id: base.checkpoint_id, branch: "idea" },
        "Try it.",
        "cat base.txt > copy.txt; printf idea >> copy.txt",
      );
      expect(
        String(
          (await client.callToolOrThrow("read_project_file", { project, branch: "idea", path: "copy.txt" }))["content"],
        ),
      ).toBe("baseidea");
      const own = await checkpointOf(client, project, beside.turn_id);
      expect(own.changes).toEqual({ added: 1, changed: 0, removed: 0 });
      stack.model.release(gate);
      await waitForEnd(client, slow);
      await expect(readFile(client, project, "copy.txt")).rejects.toThrow("file_not_found");
      const diff = await client.callToolOrThrow("diff_checkpoints", {
        from: base.checkpoint_id,
        to: own.checkpoint_id,
      });
      expect(diff["summary"]).toMatchObject({ added: 1, changed: 0, removed: 0 });
      const file = await client.callToolOrThrow("read_checkpoint_file", {
        checkpoint_id: own.checkpoint_id,
        path: "copy.txt",
      });
      expect(file["content"]).toBe("baseidea");
      await client.callToolOrThrow("delete_branch", { project, branch: "idea" });
    });
  });
}

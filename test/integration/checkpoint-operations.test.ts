// What people ask of a workspace's checkpoints: taking, restoring, branching; waking up and sleeping with them.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { manifestKey, packKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import type { CheckpointStrategy, OperationRequest, OperationView } from "../../src/shared/checkpoints/schema.ts";
import { INPUTS_PROTOCOL_VERSION } from "../../src/shared/rpc/protocol.ts";
import type { Answer } from "../../src/shared/errors/app-error.ts";
import { endTurn, findBusy } from "../../src/durable-objects/workspaces/workspace-end.ts";
import { scheduleKeeping } from "../../src/durable-objects/workspaces/workspace-tasks.ts";
import { endingOf, inCheckpoints, type CheckpointWorld, type Step } from "./checkpoint-fixture.ts";
import { newId } from "./session-fixture.ts";
import { CHECKPOINT_FORMAT } from "../../src/shared/checkpoints/format.ts";

const write = (files: Record<string, string>) => (disk: Map<string, string>) => {
  for (const [path, text] of Object.entries(files)) disk.set(path, text);
};
const head = (world: CheckpointWorld) => world.workspace.checkpoints.timeline.head();
const onDisk = (world: CheckpointWorld) => Object.fromEntries(world.disk);
const HOUR_MS = 60 * 60_000;

const CREATE: OperationRequest = { kind: "create", message: "by hand", author_id: newId(), tags: ["v1"] };
type Restore = Extract<OperationRequest, { kind: "restore" }>;
const restoreOf = (checkpoint: Restore["checkpoint"], wish: Partial<Restore> = {}): Restore => ({
  kind: "restore",
  author_id: newId(),
  checkpoint,
  paths: null,
  dry_run: false,
  create_backup: true,
  include_conversation: false,
  ...wish,
});
const use = (world: CheckpointWorld, strategy: CheckpointStrategy) =>
  world.workspace.checkpoints.timeline.setStrategy(strategy);
const restored = (view: Answer<OperationView>) => {
  if (!view.ok || view.value.result?.kind !== "restore") throw new Error(JSON.stringify(view));
  return view.value.result;
};

describe("a checkpoint that a person asks for", () => {
  it("is taken with message, author and tags, and a repeat of the call is the same one [checkpoints.timeline]", async () => {
    await inCheckpoints(async (world) => {
      await world.ensure();
      write({ a: "one" })(world.disk);
      const start = { operation_id: newId(), request: CREATE, if_busy: "queue" as const };
      const { desk } = world.workspace.checkpoints;
      expect(desk.start(start)).toMatchObject({ ok: true, value: { status: expect.stringMatching(/queued|running/) } });
      expect(desk.start(start)).toMatchObject({ value: { operation_id: start.operation_id } });
      const ended = await desk.wait(start.operation_id, 20_000);
      const checkpoint = head(world);
      expect(ended).toMatchObject({
        value: { status: "succeeded", result: { kind: "create", checkpoint, unchanged: false } },
      });
      expect(checkpoint).toMatchObject({
        kind: "manual",
        message: "by hand",
        author_id: CREATE.author_id,
        session_id: null,
      });
      expect(desk.start(start)).toEqual(ended);
      await world.ring();
      expect(await world.rows()).toMatchObject([{ kind: "manual", tags: '["v1"]' }]);
      expect(world.told).toEqual([]);
      world.passMs(25 * HOUR_MS);
      await world.operate(CREATE);
      expect(await desk.wait(start.operation_id, 0)).toMatchObject({ error: { code: "operation_not_found" } });
    });
  });

  it("of a sleeping workspace starts no sandbox, and of an empty one says so [checkpoints.bad_input]", async () => {
    await inCheckpoints(async (world) => {
      expect(await world.operate(CREATE)).toMatchObject({ value: { error: { code: "invalid_argument" } } });
      expect(world.starts).toBe(0);
      await world.turn(write({ a: "one" }));
      const before = head(world);
      await world.workspace.keeper.sleep();
      const ended = await world.operate(CREATE);
      expect(ended).toMatchObject({
        value: { result: { unchanged: true, checkpoint: { parent_id: before?.checkpoint_id } } },
      });
      expect(world.starts).toBe(1);
      expect(await world.filesOf(head(world)!)).toEqual({ a: "one" });
    });
  });

  it("waits for the turn that runs, or is refused when asked to, and then names what runs [checkpoints.bad_input]", async () => {
    await inCheckpoints(async (world) => {
      await world.ensure();
      const [turn, sessionId] = [newId(), newId()];
      world.workspace.desk.request({ turn_id: turn, session_id: sessionId });
      const { desk } = world.workspace.checkpoints;
      const refused = desk.start({ operation_id: newId(), request: CREATE, if_busy: "refuse" });
      expect(refused).toMatchObject({ error: { code: "workspace_busy", message: expect.stringContaining(sessionId) } });
      const operation_id = newId();
      desk.start({ operation_id, request: CREATE, if_busy: "queue" });
      await world.settle();
      expect(await desk.wait(operation_id, 0)).toMatchObject({
        value: { status: "queued", progress: { phase: "waiting" } },
      });
      expect(await findBusy(world.workspace)).toMatchObject({ error: { code: "project_busy" } });
      write({ a: "by the turn" })(world.disk);
      await endTurn(world.workspace, turn, endingOf(turn, sessionId));
      expect(await desk.wait(operation_id, 20_000)).toMatchObject({ value: { status: "succeeded" } });
      expect(head(world)).toMatchObject({ kind: "manual", changes: { added: 0, changed: 0, removed: 0 } });
      expect(await findBusy(world.workspace)).toBeNull();
    });
  });

  it("whose packs are not in the bucket is taken once more in full, and fails when they still are not [checkpoints.cut_off]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      const before = head(world);
      write({ a: "two" })(world.disk);
      world.losesPacks = true;
      expect(await world.operate(CREATE)).toMatchObject({
        value: { status: "failed", error: { code: "checkpoint_failed" } },
      });
      expect(world.asked.takes.slice(-2).map(({ full }) => full)).toEqual([false, true]);
      expect(head(world)).toEqual(before);
    });
  });

  it("tells how far it is [checkpoints.progress]", async () => {
    await inCheckpoints(async (world) => {
      await world.ensure();
      write({ a: "one", b: "two" })(world.disk);
      const { promise: stored, resolve: letStore } = Promise.withResolvers<void>();
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      world.at.captured = () => {
        reach();
        return stored;
      };
      const { desk } = world.workspace.checkpoints;
      const operation_id = newId();
      desk.start({ operation_id, request: CREATE, if_busy: "queue" });
      await reached;
      expect(await desk.wait(operation_id, 0)).toMatchObject({
        value: { status: "running", progress: { phase: "scanning", files: 2, files_total: null } },
      });
      letStore();
      expect(await desk.wait(operation_id, 20_000)).toMatchObject({ value: { status: "succeeded" } });
    });
  });

  it("of another project's packs is none: a pack counts as stored when this project sent it [checkpoints.isolation]", async () => {
    await inCheckpoints(async (world) => {
      await world.ensure();
      write({ a: "one" })(world.disk);
      world.at.head = async () => {
        const { objects } = await env.BUCKET.list({ prefix: packKey(world.identity.team_id, "") });
        for (const { key } of objects) {
          const bytes = await (await env.BUCKET.get(key))!.arrayBuffer();
          await env.BUCKET.put(key, bytes, { customMetadata: { project_id: newId() } });
        }
      };
      expect(await world.operate(CREATE)).toMatchObject({ value: { error: { code: "checkpoint_failed" } } });
      expect(head(world)).toBeNull();
    });
  });
});

describe("a replaced runtime", () => {
  it("finishes nothing: what it says is thrown away, and the operation begins again with the new one [checkpoints.fenced]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      write({ a: "lost with the sandbox" })(world.disk);
      world.at.taken = async () => {
        world.at = {};
        world.lose();
        await world.ensure();
        await new Promise(() => {});
      };
      const ended = await world.operate(CREATE);
      expect(ended).toMatchObject({ value: { status: "succeeded", result: { unchanged: true } } });
      expect(await world.filesOf(head(world)!)).toEqual({ a: "one" });
      expect(onDisk(world)).toEqual({ a: "one" });
    });
  });

  it("is found by the work itself: nobody asks before whether it still runs, and no other one is asked [checkpoints.fenced]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      const { starts } = world;
      write({ a: "gone with its disk" })(world.disk);
      world.lose();
      expect(await world.operate(CREATE)).toMatchObject({
        value: { status: "succeeded", result: { unchanged: true } },
      });
      expect(world.starts).toBe(starts + 1);
      // The runner's program was started again under the same token: it is another runtime all the same.
      world.runner = { ...world.runner!, runtimeId: newId() };
      world.hangUp();
      world.asked.takes = [];
      expect(await world.operate(CREATE)).toMatchObject({ value: { status: "succeeded" } });
      expect(world.asked.takes).toHaveLength(1);
      expect(world.starts).toBe(starts + 1);
      expect(world.workspace.store.runtime()?.runtime_id).toBe(world.runner.runtimeId);
    });
  });

  it("opens nothing at the edge, nor does an operation that has ended [checkpoints.fenced] [checkpoints.isolation]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      const { engine } = world.workspace.checkpoints;
      const [pack] = (await world.manifestOf(head(world)!))!.tree.packs;
      const answers: boolean[] = [];
      world.at.taken = () => {
        const { operation_id } = world.asked.takes.at(-1)!;
        const ours = { team_id: world.identity.team_id, runtime_id: world.runner!.runtimeId, operation_id };
        for (const question of [
          { ...ours, read_pack: null },
          { ...ours, read_pack: pack! },
          { ...ours, read_pack: "0".repeat(64) },
          { ...ours, read_pack: null, runtime_id: newId() },
          { ...ours, read_pack: null, team_id: newId() },
          { ...ours, read_pack: null, operation_id: newId() },
        ])
          answers.push(engine.mayUsePacks(question));
      };
      await world.operate(CREATE);
      expect(answers).toEqual([true, true, false, false, false, false]);
      const { operation_id } = world.asked.takes.at(-1)!;
      const over = {
        team_id: world.identity.team_id,
        runtime_id: world.runner!.runtimeId,
        operation_id,
        read_pack: null,
      };
      expect(engine.mayUsePacks(over)).toBe(false);
    });
  });

  it("that went before a turn's checkpoint was taken leaves the head as it was, and the next turn is told [checkpoints.fenced] [checkpoints.wake]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      const kept = head(world)!;
      world.at.take = () => {
        world.at = {};
        world.lose();
        throw new Error("cut");
      };
      await world.turn(write({ a: "never kept" }));
      world.passMs(60_000);
      await world.ring();
      expect(head(world)).toEqual(kept);
      const { checkpoint_id, created_at } = kept;
      expect(await world.ensure()).toMatchObject({
        files_lost: false,
        restored: { checkpoint_id, created_at, changed_since: true },
      });
      expect(onDisk(world)).toEqual({ a: "one" });
    });
  });
});

describe("a turn's work that went with its sandbox", () => {
  it("is not taken for kept by a checkpoint of the disk that was filled after it [checkpoints.fenced] [checkpoints.timeline]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      const kept = head(world)!;
      world.at.take = () => {
        world.at = {};
        world.lose();
        throw new Error("cut");
      };
      await world.turn(write({ a: "never kept" }));
      await world.ensure();
      for (let rings = 0; rings < 3; rings++) {
        world.passMs(10_000);
        await world.ring();
      }
      expect(head(world)).toEqual(kept);
      expect(world.workspace.checkpoints.describe()).toMatchObject({ busy: false, owing: false });
    });
  });

  it("is named as lost where no checkpoint was taken yet [recovery.files_lost] [checkpoints.wake]", async () => {
    await inCheckpoints(async (world) => {
      world.at.take = () => {
        world.lose();
        throw new Error("cut");
      };
      await world.turn(write({ a: "never kept" }));
      expect(await world.ensure()).toMatchObject({ files_lost: true, restored: null });
    });
  });
});

describe("strategies", () => {
  it("that take none by themselves keep the files in an autosave, which the next checkpoint replaces [checkpoints.strategies]", async () => {
    await inCheckpoints(async (world) => {
      use(world, "manual");
      await world.turn(write({ a: "one" }));
      const first = head(world)!;
      expect(first).toMatchObject({ kind: "autosave", parent_id: null });
      await world.ring();
      await world.turn();
      expect(head(world)).toEqual(first);
      await world.turn(write({ b: "two" }));
      const second = head(world)!;
      await world.ring();
      expect(await world.rows()).toMatchObject([{ id: second.checkpoint_id, kind: "autosave", parent_id: null }]);
      expect(await world.manifestOf(first)).toBeNull();
      await world.operate(CREATE);
      await world.ring();
      const manual = head(world)!;
      expect(await world.rows()).toMatchObject([{ id: manual.checkpoint_id, kind: "manual", parent_id: null }]);
      expect(manual).toMatchObject({ files: 2, changes: { added: 2 }, input_tokens: 30, output_tokens: 15 });
      expect(await world.headInD1()).toBe(manual.checkpoint_id);
      expect(world.told).toEqual([]);
      const refs = "SELECT count(*) AS n FROM checkpoint_pack_refs WHERE checkpoint_id IN (?, ?)";
      expect(await env.DB.prepare(refs).bind(first.checkpoint_id, second.checkpoint_id).first("n")).toBe(0);
    });
  });

  it("per_turn takes one also of a turn that changed nothing, and none while there is nothing at all [checkpoints.strategies]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn();
      expect(head(world)).toBeNull();
      await world.turn(write({ a: "one" }));
      const first = head(world)!;
      await world.turn();
      expect(head(world)).toMatchObject({
        kind: "turn",
        parent_id: first.checkpoint_id,
        changes: { added: 0, changed: 0, removed: 0 },
        stored_bytes: 0,
      });
    });
  });

  it("smart takes one after a large change, and an autosave after a small one [checkpoints.strategies]", async () => {
    await inCheckpoints(async (world) => {
      use(world, "smart");
      await world.turn(write({ a: "one" }));
      expect(head(world)).toMatchObject({ kind: "autosave" });
      await world.turn(write(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`f${n}`, `${n}`]))));
      expect(head(world)).toMatchObject({ kind: "smart", changes: { added: 11 } });
    });
  });

  it("that look at tools take one before the call, while the turn holds the lease [checkpoints.strategies]", async () => {
    await inCheckpoints(async (world) => {
      use(world, "per_tool_use");
      await world.turn(write({ a: "one" }));
      const [turn_id, session_id] = [newId(), newId()];
      const { own } = world.workspace.checkpoints;
      const edit = { turn_id, session_id, tool_name: "Edit", tool_input: {} };
      await own.beforeTool(edit);
      expect(head(world)).toMatchObject({ kind: "turn" });
      world.workspace.desk.request({ turn_id, session_id });
      write({ a: "two" })(world.disk);
      await own.beforeTool({ ...edit, tool_name: "Read" });
      expect(head(world)).toMatchObject({ kind: "turn" });
      const { promise: stored, resolve: letStore } = Promise.withResolvers<void>();
      world.at.packs = () => stored;
      await own.beforeTool(edit);
      write({ a: "by the tool" })(world.disk);
      letStore();
      await world.settle();
      expect(head(world)).toMatchObject({ kind: "tool_use", turn_id, session_id, message: "before Edit" });
      expect(await world.filesOf(head(world)!)).toEqual({ a: "two" });
      write({ a: "two" })(world.disk);
      const before = head(world);
      await own.beforeTool(edit);
      await world.settle();
      expect(head(world)).toEqual(before);
      expect(world.workspace.leases.holder()?.turn_id).toBe(turn_id);
    });
  });

  it("are left out by a runner that knows no checkpoints; its sandbox stays awake [runner.versions] [checkpoints.sleep]", async () => {
    await inCheckpoints(async (world) => {
      world.protocol = INPUTS_PROTOCOL_VERSION;
      await world.turn(write({ a: "one" }));
      expect([head(world), world.asked.takes]).toEqual([null, []]);
      expect(world.workspace.leases.holder()).toBeNull();
      expect(await world.operate(CREATE)).toMatchObject({ value: { error: { code: "runner_protocol_unsupported" } } });
      scheduleKeeping(world.workspace);
      world.passMs(100 * HOUR_MS);
      await world.ring();
      expect([world.stops, world.keptAlive]).toEqual([0, 1]);
    });
  });
});

describe("a conversation", () => {
  it("is named by every checkpoint with how far it was [checkpoints.conversation]", async () => {
    await inCheckpoints(async (world) => {
      const [turnId, sessionId] = [newId(), newId()];
      const mark = { session_id: sessionId, turn_id: turnId, event_seq: 7, transcript_version: 3 };
      world.marks.set(turnId, mark);
      await world.ensure();
      world.workspace.desk.request({ turn_id: turnId, session_id: sessionId });
      write({ a: "one" })(world.disk);
      await endTurn(world.workspace, turnId, endingOf(turnId, sessionId));
      await world.settle();
      expect((await world.manifestOf(head(world)!))?.conversations).toEqual([mark]);
      await world.turn(write({ a: "two" }));
      expect((await world.manifestOf(head(world)!))?.conversations).toEqual([mark]);
    });
  });
});

describe("a restore", () => {
  const twoTurns = async (world: CheckpointWorld) => {
    await world.turn(write({ a: "one", "dir/b": "kept" }));
    const first = head(world)!;
    await world.turn((disk) => {
      disk.delete("dir/b");
      write({ a: "two", c: "new" })(disk);
    });
    return { first, second: head(world)! };
  };

  it("takes a backup first, brings everything back, and leaves a timeline that goes on [checkpoints.restore] [checkpoints.backup]", async () => {
    await inCheckpoints(async (world) => {
      const { first, second } = await twoTurns(world);
      write({ d: "not in any checkpoint" })(world.disk);
      const result = restored(await world.operate(restoreOf(world.target(first))));
      expect(onDisk(world)).toEqual({ a: "one", "dir/b": "kept" });
      expect(result).toMatchObject({ applied: true, plan: { write: 1, change: 1, delete: 2 } });
      expect(result.backup).toMatchObject({ kind: "backup", parent_id: second.checkpoint_id });
      expect(result.checkpoint).toMatchObject({ kind: "restore", parent_id: result.backup?.checkpoint_id });
      expect(head(world)).toEqual(result.checkpoint);
      expect(await world.filesOf(result.backup!)).toEqual({ a: "two", c: "new", d: "not in any checkpoint" });
      restored(await world.operate(restoreOf(world.target(result.backup!))));
      expect(onDisk(world)).toEqual({ a: "two", c: "new", d: "not in any checkpoint" });
    });
  });

  it("of an unchanged workspace has the head for its backup, and none when told so [checkpoints.backup]", async () => {
    await inCheckpoints(async (world) => {
      const { first, second } = await twoTurns(world);
      const result = restored(await world.operate(restoreOf(world.target(first))));
      expect(result).toMatchObject({ backup: second, checkpoint: { parent_id: second.checkpoint_id } });
      write({ a: "to be lost" })(world.disk);
      const without = restored(await world.operate(restoreOf(world.target(second), { create_backup: false })));
      expect(without).toMatchObject({ backup: null });
      expect(onDisk(world)).toEqual({ a: "two", c: "new" });
    });
  });

  it("that is only planned changes nothing [checkpoints.plan]", async () => {
    await inCheckpoints(async (world) => {
      const { first, second } = await twoTurns(world);
      const result = restored(await world.operate(restoreOf(world.target(first), { dry_run: true })));
      expect(result).toMatchObject({
        applied: false,
        backup: null,
        checkpoint: null,
        plan: { write: 1, change: 1, delete: 1 },
      });
      expect(onDisk(world)).toEqual({ a: "two", c: "new" });
      expect(head(world)).toEqual(second);
    });
  });

  it("by path leaves the rest, and its checkpoint is of what is there then [checkpoints.restore]", async () => {
    await inCheckpoints(async (world) => {
      const { first } = await twoTurns(world);
      const result = restored(await world.operate(restoreOf(world.target(first), { paths: ["dir"] })));
      expect(onDisk(world)).toEqual({ a: "two", c: "new", "dir/b": "kept" });
      expect(await world.filesOf(result.checkpoint!)).toEqual({ a: "two", c: "new", "dir/b": "kept" });
      expect(result.checkpoint).toMatchObject({ kind: "restore" });
    });
  });

  it("with the conversation has every session of the checkpoint go back [checkpoints.conversation]", async () => {
    await inCheckpoints(async (world) => {
      const [turnId, sessionId] = [newId(), newId()];
      const mark = { session_id: sessionId, turn_id: turnId, event_seq: 7, transcript_version: 3 };
      world.marks.set(turnId, mark);
      await world.ensure();
      world.workspace.desk.request({ turn_id: turnId, session_id: sessionId });
      write({ a: "one" })(world.disk);
      await endTurn(world.workspace, turnId, endingOf(turnId, sessionId));
      await world.settle();
      const first = head(world)!;
      await world.turn(write({ a: "two" }));
      const request = restoreOf(world.target(first), { include_conversation: true });
      const result = restored(await world.operate(request));
      expect(result.conversations).toEqual([sessionId]);
      expect(world.rewound).toMatchObject([{ checkpoint_id: first.checkpoint_id, mark }]);
      expect((await world.manifestOf(result.checkpoint!))?.conversations).toContainEqual(mark);
    });
  });

  const CUTS: Step[] = ["take", "taken", "restore", "restored", "manifest", "rewind"];
  it.each(CUTS)(
    "that is cut off at the step %s goes on when it is begun again, with one backup [checkpoints.restore] [checkpoints.cut_off]",
    async (step) => {
      await inCheckpoints(async (world) => {
        const turnId = newId();
        const mark = { session_id: newId(), turn_id: turnId, event_seq: 7, transcript_version: null };
        await world.ensure();
        world.workspace.desk.request({ turn_id: turnId, session_id: mark.session_id });
        world.marks.set(turnId, mark);
        write({ a: "one", b: "kept" })(world.disk);
        await endTurn(world.workspace, turnId, endingOf(turnId, mark.session_id));
        await world.settle();
        const first = head(world)!;
        await world.turn(write({ a: "two" }));
        world.disk.delete("b");
        const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
        world.at[step] = () => {
          reach();
          return new Promise<void>(() => {});
        };
        const operation_id = newId();
        const request = restoreOf(world.target(first), { include_conversation: true });
        world.workspace.checkpoints.desk.start({ operation_id, request, if_busy: "queue" });
        await reached;
        world.at = {};
        world.restart();
        expect(await world.storage.getAlarm()).not.toBeNull();
        world.passMs(60_000);
        await world.ring();
        const result = restored(await world.workspace.checkpoints.desk.wait(operation_id, 20_000));
        expect(onDisk(world)).toEqual({ a: "one", b: "kept" });
        expect(await world.filesOf(result.backup!)).toEqual({ a: "two" });
        expect(result.checkpoint).toMatchObject({ parent_id: result.backup?.checkpoint_id });
        await world.ring();
        expect((await world.rows()).map(({ kind }) => kind)).toEqual(["turn", "turn", "backup", "restore"]);
        expect(world.workspace.leases.holder()).toBeNull();
      });
    },
  );

  it("whose backup cannot be taken has not begun, and says so [checkpoints.backup]", async () => {
    await inCheckpoints(async (world) => {
      const { first, second } = await twoTurns(world);
      write({ d: "changed" })(world.disk);
      world.at.manifest = () => {
        throw new Error("R2 is down");
      };
      const operation_id = newId();
      const { desk } = world.workspace.checkpoints;
      desk.start({ operation_id, request: restoreOf(world.target(first)), if_busy: "queue" });
      for (let rings = 0; rings < 6; rings++) {
        await world.settle();
        world.passMs(100_000);
        await world.ring();
      }
      expect(await desk.wait(operation_id, 0)).toMatchObject({
        value: { error: { code: "restore_failed", message: expect.stringContaining("Nothing was changed") } },
      });
      expect([head(world), world.asked.restores]).toEqual([second, []]);
      expect(onDisk(world)).toEqual({ a: "two", c: "new", d: "changed" });
    });
  });

  it("that fails for good says what to do, and leaves the head [checkpoints.restore]", async () => {
    await inCheckpoints(async (world) => {
      const { first, second } = await twoTurns(world);
      write({ d: "changed" })(world.disk);
      world.at.restored = () => {
        throw new Error("the sandbox's disk broke");
      };
      const operation_id = newId();
      const { desk } = world.workspace.checkpoints;
      desk.start({ operation_id, request: restoreOf(world.target(first)), if_busy: "queue" });
      for (let rings = 0; rings < 6; rings++) {
        await world.settle();
        world.passMs(100_000);
        await world.ring();
      }
      const ended = await desk.wait(operation_id, 0);
      expect(ended).toMatchObject({ value: { status: "failed", error: { code: "restore_failed" } } });
      expect(ended.ok && ended.value.error?.message).toContain(head(world)!.checkpoint_id);
      expect(head(world)).toMatchObject({ kind: "backup", parent_id: second.checkpoint_id });
      expect(world.workspace.leases.holder()).toBeNull();
    });
  });

  it("of a checkpoint that is damaged, foreign, or of another format changes nothing [checkpoints.bad_input]", async () => {
    await inCheckpoints(async (world) => {
      const { first, second } = await twoTurns(world);
      const target = world.target(first);
      const attempt = async (wish: Partial<typeof target>) => {
        const ended = await world.operate(restoreOf({ ...target, ...wish }));
        return ended.ok ? ended.value.error?.code : ended.error.code;
      };
      expect(await attempt({ manifest_sha256: "0".repeat(64) })).toBe("checkpoint_damaged");
      expect(await attempt({ checkpoint_id: newId() })).toBe("checkpoint_damaged");
      expect(await attempt({ project_id: newId() })).toBe("checkpoint_damaged");
      const key = manifestKey(world.identity, first.manifest_sha256);
      const bytes = new Uint8Array(await (await env.BUCKET.get(key))!.arrayBuffer());
      bytes[bytes.length - 1]! ^= 1;
      await env.BUCKET.put(key, bytes);
      world.restart();
      expect(await attempt({})).toBe("checkpoint_damaged");
      const manifest = (await world.manifestOf(second))!;
      for (const [change, code] of [
        [{ team_id: newId() }, "checkpoint_not_found"],
        [{ format: CHECKPOINT_FORMAT + 1 }, "checkpoint_format_unsupported"],
      ] as const)
        expect(await attempt(await putManifest(world, { ...manifest, ...change }))).toBe(code);
      expect(head(world)).toEqual(second);
      expect(onDisk(world)).toEqual({ a: "two", c: "new" });
      expect(world.asked.restores).toEqual([]);
    });
  });
});

/** Under our own key, so that its name is right and its content is not. */
async function putManifest(world: CheckpointWorld, manifest: { checkpoint_id: string }) {
  const { compress } = await import("../../src/durable-objects/archive/zstd.ts");
  const bytes = compress(JSON.stringify(manifest));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const manifest_sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  await env.BUCKET.put(manifestKey(world.identity, manifest_sha256), bytes);
  return { checkpoint_id: manifest.checkpoint_id, manifest_sha256 };
}

describe("a branch's workspace", () => {
  it("begins from a checkpoint of another one, once, and its sandbox with those files [checkpoints.fork] [checkpoints.branches]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      const base = head(world)!;
      const from = world.target(base);
      await inCheckpoints(async (branch) => {
        branch.identity.team_id = world.identity.team_id;
        branch.storage.sql.exec("UPDATE workspace SET team_id = ?", world.identity.team_id);
        const { own, describe: state } = branch.workspace.checkpoints;
        await own.begin(from, "smart");
        const first = head(branch)!;
        expect(first).toMatchObject({
          kind: "fork",
          parent_id: base.checkpoint_id,
          message: `from ${base.checkpoint_id}`,
          files: 1,
        });
        await own.begin(from, "manual");
        expect(state()).toMatchObject({ head: first, strategy: "smart" });
        await branch.ensure();
        expect(onDisk(branch)).toEqual({ a: "one" });
        await branch.turn(write(Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`f${n}`, "x"]))));
        expect(head(branch)).toMatchObject({ kind: "smart", parent_id: first.checkpoint_id });
        expect(await world.filesOf(base)).toEqual({ a: "one" });
      });
    });
  });

  it("can begin empty [checkpoints.branches]", async () => {
    await inCheckpoints(async (world) => {
      await world.workspace.checkpoints.own.begin(null, "manual");
      expect(world.workspace.checkpoints.describe()).toEqual({
        head: null,
        strategy: "manual",
        busy: false,
        owing: false,
      });
    });
  });
});

describe("a sandbox that wakes up", () => {
  it("has the head's files before anybody uses it, whatever cut the filling off [checkpoints.wake]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one", b: "two" }));
      const { checkpoint_id, created_at } = head(world)!;
      world.lose();
      world.at.restored = () => {
        world.at = {};
        throw new Error("cut in the middle");
      };
      expect(await world.workspace.keeper.ensure(world.identity)).toMatchObject({
        error: { code: "sandbox_unavailable" },
      });
      expect(world.workspace.store.get()?.prepared).toBe(false);
      world.restart();
      const runtime = await world.ensure();
      expect(runtime).toMatchObject({
        files_lost: false,
        restored: { checkpoint_id, created_at, changed_since: false },
      });
      expect(onDisk(world)).toEqual({ a: "one", b: "two" });
      expect(await world.ensure()).toEqual(runtime);
      expect([world.starts, world.asked.restores.length]).toEqual([2, 2]);
    });
  });

  it("instead of being cloned again, where there is a head [checkpoints.wake]", async () => {
    await inCheckpoints(async (world) => {
      world.identity.git_url = "https://git.example.com/a/b";
      world.storage.sql.exec("UPDATE workspace SET git_url = ?", world.identity.git_url);
      await world.turn(write({ a: "one" }));
      expect(onDisk(world)).toEqual({ cloned: "from git", a: "one" });
      await world.turn((disk) => disk.delete("cloned"));
      world.lose();
      await world.ensure();
      expect(onDisk(world)).toEqual({ a: "one" });
    });
  });

  it("with a damaged head stays unused and says so; restoring another checkpoint helps [checkpoints.wake] [checkpoints.bad_input]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      const first = head(world)!;
      await world.turn(write({ a: "two" }));
      await env.BUCKET.delete(manifestKey(world.identity, head(world)!.manifest_sha256));
      world.lose();
      world.restart();
      expect(await world.workspace.keeper.ensure(world.identity)).toMatchObject({
        error: { code: "checkpoint_damaged" },
      });
      expect([world.workspace.store.get()?.prepared, onDisk(world)]).toEqual([false, {}]);
      expect(restored(await world.operate(restoreOf(world.target(first))))).toMatchObject({ applied: true });
      expect(await world.ensure()).toMatchObject({ files_lost: false });
      expect(onDisk(world)).toEqual({ a: "one" });
    });
  });
});

describe("a sandbox with files", () => {
  const keep = async (world: CheckpointWorld) => {
    world.workspace.alarms.reschedule("keep", 1);
    await world.ring();
  };

  it("sleeps once they are kept, and what changed since is kept first [checkpoints.sleep] [sleeping.sandbox]", async () => {
    await inCheckpoints(async (world) => {
      await world.turn(write({ a: "one" }));
      scheduleKeeping(world.workspace);
      write({ b: "by a background task" })(world.disk);
      await keep(world);
      expect(world.stops).toBe(0);
      world.passMs(2 * HOUR_MS);
      await keep(world);
      expect([world.stops, head(world)?.kind]).toEqual([0, "autosave"]);
      await keep(world);
      expect(world.stops).toBe(1);
      expect(await world.ensure()).toMatchObject({ restored: { changed_since: false } });
      expect(onDisk(world)).toEqual({ a: "one", b: "by a background task" });
    });
  });

  it("whose files cannot be kept now does not sleep [checkpoints.sleep]", async () => {
    await inCheckpoints(async (world) => {
      world.at.manifest = () => {
        throw new Error("R2 is down");
      };
      await world.turn(write({ a: "one" }));
      scheduleKeeping(world.workspace);
      for (let looks = 0; looks < 5; looks++) {
        world.passMs(2 * HOUR_MS);
        await keep(world);
      }
      expect([world.stops, head(world)]).toEqual([0, null]);
      world.at = {};
      world.passMs(2 * HOUR_MS);
      await keep(world);
      await keep(world);
      await keep(world);
      expect([world.stops, head(world)?.kind]).toEqual([1, "turn"]);
    });
  });
});

describe("rows in D1", () => {
  it("come back to nothing when an older delivery is repeated after a newer one [checkpoints.timeline]", async () => {
    await inCheckpoints(async (world) => {
      use(world, "manual");
      await world.turn(write({ a: "one" }));
      const late = world.storage.sql.exec("SELECT kind, key, payload FROM outbox ORDER BY id").toArray();
      await world.ring();
      await world.turn(write({ a: "two" }));
      await world.ring();
      const [rows, current] = [await world.rows(), await world.headInD1()];
      for (const { kind, key, payload } of late)
        world.storage.sql.exec("INSERT INTO outbox (kind, key, payload) VALUES (?, ?, ?)", kind!, key!, payload!);
      world.workspace.alarms.reschedule("outbox", 1);
      await world.ring();
      expect([await world.rows(), await world.headInD1()]).toEqual([rows, current]);
      expect(world.workspace.checkpoints.describe().owing).toBe(false);
    });
  });
});

describe("the Workspace object", () => {
  it("leaves no trace where nothing was made, and knows no operation, pack or checkpoint there [checkpoints.isolation]", async () => {
    const workspace = env.WORKSPACE.getByName(newId());
    expect(await workspace.describe()).toEqual({ head: null, strategy: "per_turn", busy: false, owing: false });
    expect(await workspace.waitForOperation(newId(), 0)).toMatchObject({ error: { code: "operation_not_found" } });
    const question = { team_id: newId(), runtime_id: newId(), operation_id: newId(), read_pack: null };
    expect(await workspace.mayUsePacks(question)).toBe(false);
    await workspace.releaseLease(newId(), endingOf(newId(), newId()));
    const tables = await runInDurableObject(workspace, (_object, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'schema_version'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("takes its strategy and its beginning over RPC, and tells a turn what to ask before tools [checkpoints.strategies] [checkpoints.branches]", async () => {
    const workspace = env.WORKSPACE.getByName(newId());
    const identity = { workspace_id: newId(), team_id: newId(), project_id: newId(), git_url: null };
    const missing = { checkpoint_id: newId(), project_id: newId(), manifest_sha256: "0".repeat(64) };
    expect(await workspace.begin(identity, missing, "smart")).toMatchObject({ error: { code: "checkpoint_damaged" } });
    expect(await workspace.begin(identity, null, "smart")).toMatchObject({ ok: true, value: { strategy: "smart" } });
    const request = { identity, session_id: newId(), turn_id: newId() };
    expect(await workspace.requestLease(request)).toEqual({ granted: true, tool_checkpoints: "smart" });
    expect((await workspace.describe()).busy).toBe(true);
    await workspace.setStrategy(identity, "per_turn");
    expect(await workspace.requestLease(request)).toEqual({ granted: true });
    await workspace.releaseLease(request.turn_id, null);
    const start = { operation_id: newId(), request: CREATE, if_busy: "refuse" as const };
    expect(await workspace.startOperation(identity, start, 0)).toMatchObject({ ok: true });
    expect(await workspace.waitForOperation(start.operation_id, 10_000)).toMatchObject({
      value: { error: { code: "invalid_argument" } },
    });
  });
});

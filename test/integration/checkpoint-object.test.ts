// Checkpoints as the Workspace object takes them: when, in which order, and what is left when it is cut off.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { packKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import { endTurn } from "../../src/durable-objects/workspaces/workspace-end.ts";
import { endingOf, inCheckpoints, type CheckpointWorld, type Step } from "./checkpoint-fixture.ts";
import { newId } from "./session-fixture.ts";

const write = (files: Record<string, string>) => (disk: Map<string, string>) => {
  for (const [path, text] of Object.entries(files)) disk.set(path, text);
};
const head = (world: CheckpointWorld) => world.workspace.checkpoints.timeline.head();

describe("a turn's checkpoint", () => {
  it("is taken when the turn has ended, and says whose it is and what it holds [checkpoints.timeline] [checkpoints.strategies]", async () => {
    await inCheckpoints(async (world) => {
      const { turnId, sessionId } = await world.turn(write({ "a.txt": "one", "b.txt": "two" }));
      const record = head(world);
      expect(record).toMatchObject({
        kind: "turn",
        parent_id: null,
        message: "do it",
        turn_id: turnId,
        session_id: sessionId,
        event_seq: 7,
        model: "claude-test",
        input_tokens: 10,
        output_tokens: 5,
        files: 2,
        bytes: 6,
        changes: { added: 2, changed: 0, removed: 0 },
      });
      expect(await world.filesOf(record!)).toEqual({ "a.txt": "one", "b.txt": "two" });
      await world.ring();
      expect(await world.rows()).toEqual([{ id: record!.checkpoint_id, kind: "turn", parent_id: null, tags: "[]" }]);
      expect(await world.headInD1()).toBe(record!.checkpoint_id);
      expect(world.told).toEqual([record]);
      await world.turn(write({ "a.txt": "three" }));
      expect(head(world)).toMatchObject({
        parent_id: record!.checkpoint_id,
        changes: { added: 0, changed: 1, removed: 0 },
      });
      expect(await world.filesOf(record!)).toEqual({ "a.txt": "one", "b.txt": "two" });
    });
  });

  it("lets the next turn begin once every file was read, while packs are still on their way [checkpoints.after_result]", async () => {
    await inCheckpoints(async (world) => {
      await world.ensure();
      const [first, second] = [newId(), newId()];
      world.workspace.desk.request({ turn_id: first, session_id: newId() });
      world.workspace.desk.request({ turn_id: second, session_id: newId() });
      write({ a: "one" })(world.disk);
      const { promise: read, resolve: letRead } = Promise.withResolvers<void>();
      const { promise: stored, resolve: letStore } = Promise.withResolvers<void>();
      world.at = { take: () => read, packs: () => stored };
      await endTurn(world.workspace, first, endingOf(first, newId()));
      await expect.poll(() => world.steps).toEqual(["take"]);
      expect(world.workspace.desk.request({ turn_id: second, session_id: newId() })).toMatchObject({
        granted: false,
        operation: "checkpoint",
      });
      letRead();
      await expect.poll(() => world.granted).toEqual([second]);
      expect(head(world)).toBeNull();
      expect(world.workspace.checkpoints.describe()).toMatchObject({ busy: true, owing: true });
      write({ a: "changed by the second turn" })(world.disk);
      letStore();
      await world.settle();
      expect(await world.filesOf(head(world)!)).toEqual({ a: "one" });
      await endTurn(world.workspace, second, endingOf(second, newId()));
      await world.settle();
      expect(await world.filesOf(head(world)!)).toEqual({ a: "changed by the second turn" });
    });
  });

  it("is written in this order: packs, manifest, rows [checkpoints.cut_off]", async () => {
    await inCheckpoints(async (world) => {
      world.at = {
        manifest: () => expect(world.steps).toContain("packs"),
        rows: () => expect(head(world)).not.toBeNull(),
      };
      await world.turn(write({ a: "one" }));
      await world.ring();
      const order = ["take", "captured", "packs", "taken", "head", "head", "mark", "manifest", "tell", "rows"];
      expect(world.steps.toSorted()).toEqual(order.toSorted());
      expect(world.steps.indexOf("manifest")).toBeLessThan(world.steps.indexOf("rows"));
      expect(world.logged).toEqual([]);
    });
  });

  const FAILURES: Step[] = ["take", "captured", "packs", "taken", "head", "mark", "manifest", "rows", "tell"];
  it.each(FAILURES)(
    "that fails at the step %s leaves what was there, and is repeated until it is done [checkpoints.cut_off]",
    async (step) => {
      await inCheckpoints(async (world) => {
        await world.turn(write({ a: "one" }));
        await world.ring();
        const before = head(world);
        let failures = 2;
        world.at[step] = () => {
          if (failures-- > 0) throw new Error("down");
        };
        await world.turn(write({ a: "two", b: "three" }));
        for (let rings = 0; rings < 8; rings++) {
          const current = head(world);
          expect(await world.filesOf(current!)).toEqual(
            current!.checkpoint_id === before!.checkpoint_id ? { a: "one" } : { a: "two", b: "three" },
          );
          await expectRowsAreWhole(world);
          world.passMs(60_000);
          await world.ring();
        }
        expect(head(world)?.parent_id).toBe(before?.checkpoint_id);
        expect(await world.headInD1()).toBe(head(world)?.checkpoint_id);
        expect(world.told.map(({ checkpoint_id }) => checkpoint_id)).toContain(head(world)?.checkpoint_id);
        expect(world.workspace.checkpoints.describe()).toMatchObject({ busy: false, owing: false });
      });
    },
  );

  it.each(FAILURES)(
    "whose object is evicted at the step %s is taken by the next one [checkpoints.cut_off]",
    async (step) => {
      await inCheckpoints(async (world) => {
        await world.turn(write({ a: "one" }));
        await world.ring();
        const before = head(world)!;
        const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
        world.at[step] = () => {
          reach();
          return new Promise<void>(() => {});
        };
        const turn = world.turn(write({ a: "two" }));
        if (step === "rows" || step === "tell") void turn.then(() => world.ring());
        await reached;
        world.at = {};
        world.restart();
        await expectRowsAreWhole(world);
        expect(await world.storage.getAlarm()).not.toBeNull();
        for (let rings = 0; rings < 4; rings++) {
          world.passMs(60_000);
          await world.ring();
        }
        expect(await world.filesOf(head(world)!)).toEqual({ a: "two" });
        expect(head(world)!.parent_id).toBe(before.checkpoint_id);
        expect(await world.headInD1()).toBe(head(world)?.checkpoint_id);
        expect(await world.rows()).toHaveLength(2);
        expect(world.workspace.checkpoints.describe()).toMatchObject({ busy: false, owing: false });
      });
    },
  );
});

/** Each row's manifest is there, and each pack that it names. */
async function expectRowsAreWhole(world: CheckpointWorld): Promise<void> {
  const query = "SELECT id AS checkpoint_id, manifest_sha256 FROM checkpoints WHERE workspace_id = ?";
  const { results } = await env.DB.prepare(query).bind(world.identity.workspace_id).all();
  for (const row of results as { checkpoint_id: string; manifest_sha256: string }[]) {
    const manifest = await world.manifestOf(row);
    expect(manifest?.checkpoint_id).toBe(row.checkpoint_id);
    for (const pack of manifest?.tree.packs ?? [])
      expect(await env.BUCKET.head(packKey(world.identity.team_id, pack))).not.toBeNull();
    const refs = "SELECT count(*) AS n FROM checkpoint_pack_refs WHERE checkpoint_id = ?";
    expect(await env.DB.prepare(refs).bind(row.checkpoint_id).first("n")).toBe(manifest?.tree.packs.length);
  }
}

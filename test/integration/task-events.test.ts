import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { SESSION_MIGRATIONS } from "../../src/durable-objects/sessions/schema.ts";
import { migrate } from "../../src/durable-objects/sql/migrate.ts";
import { type EntryWish, inSession, newId, TestRunner, turnEnd, type TestWorld } from "./session-fixture.ts";

const EXIT = { kind: "cli_exited", exit_code: 0, signal: null } as const;

const said = (task_id: string, fields: Record<string, unknown>): EntryWish => ({
  kind: "message",
  message: { type: "system", task_id, ...fields },
});
const begun = (task_id: string) =>
  said(task_id, { subtype: "task_started", description: "wait", is_backgrounded: true });
const ended = (task_id: string) => said(task_id, { subtype: "task_notification", status: "completed", summary: "ok" });

const changesOf = (world: TestWorld) =>
  world.session.events
    .page(0, { maxEvents: 1000, maxBytes: 1e9 })
    .filter(({ type }) => type === "background_task_changed")
    .map(({ data }) => `${String(data["task_id"])} ${String(data["status"])}`);

/** A session whose turn is over, with a task that runs on and one that has ended. */
async function withTasks(world: TestWorld): Promise<TestRunner> {
  const { turnId, runner } = await world.begin();
  await runner.say(begun("a"), begun("b"), ended("b"));
  await runner.say({ kind: "background_tasks_changed", running: 1 }, turnEnd(turnId));
  await world.settle();
  return runner;
}
const BEFORE = ["a running", "b running", "b completed"];

describe("the end of a background task", () => {
  it("that Claude Code took along is an event, once, however often it is told [tasks.watch]", async () => {
    await inSession(async (world) => {
      const runner = await withTasks(world);
      expect(changesOf(world)).toEqual(BEFORE);
      const exit = runner.entry(EXIT);
      await runner.send([exit]);
      await runner.send([exit]);
      expect(changesOf(world)).toEqual([...BEFORE, "a stopped"]);
      world.restart();
      world.session.drive();
      await world.settle();
      await world.begin();
      await runner.send([exit]);
      await runner.say(EXIT, ended("a"));
      expect(changesOf(world)).toEqual([...BEFORE, "a stopped"]);
    });
  });

  it.each(["is found gone", "is replaced before the next prompt"])(
    "that went with its sandbox is an event, once, when the sandbox %s [tasks.watch] [recovery.lost]",
    async (how) => {
      await inSession(async (world) => {
        const runner = await withTasks(world);
        if (how === "is found gone") {
          world.runner = null;
          runner.cut();
          await expect.poll(() => changesOf(world).length, { timeout: 5000 }).toBeGreaterThan(BEFORE.length);
        } else {
          await runner.say({ kind: "background_tasks_changed", running: 0 });
          world.session.connection.close();
          world.runner = new TestRunner();
          await world.begin();
        }
        await world.settle();
        expect(changesOf(world)).toEqual([...BEFORE, "a stopped"]);
        world.session.driver.loseRuntime();
        expect(changesOf(world)).toEqual([...BEFORE, "a stopped"]);
      });
    },
  );

  it("comes again for a task that began again, and its beginning comes once [tasks.watch]", async () => {
    await inSession(async (world) => {
      const runner = await withTasks(world);
      const moved = said("b", { subtype: "task_updated", patch: { is_backgrounded: true } });
      await runner.say(begun("b"), moved, EXIT);
      expect(changesOf(world)).toEqual([...BEFORE, "b running", "a stopped", "b stopped"]);
    });
  });

  it("is told of a task that began before ends were remembered [tasks.watch]", async () => {
    await runInDurableObject(env.SESSION.getByName(newId()), async (_object, { storage }) => {
      const at = SESSION_MIGRATIONS.findIndex((step) => step.includes("logged_tasks"));
      migrate(storage, SESSION_MIGRATIONS.slice(0, at));
      for (const [seq, [task_id, status]] of [
        ["a", "running"],
        ["b", "running"],
        ["b", "failed"],
      ].entries()) {
        storage.sql.exec(
          "INSERT INTO events (seq, version, type, at, data) VALUES (?, 1, 'background_task_changed', '', ?)",
          seq + 1,
          JSON.stringify({ task_id, status }),
        );
      }
      migrate(storage, SESSION_MIGRATIONS);
      const rows = storage.sql.exec("SELECT task_id, status FROM logged_tasks ORDER BY task_id").toArray();
      expect(rows).toEqual([
        { task_id: "a", status: "running" },
        { task_id: "b", status: "failed" },
      ]);
    });
  });
});

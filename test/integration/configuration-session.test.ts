import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { PermissionQuestion } from "../../src/shared/rpc/session-host-api.ts";
import { inSession, newId, type TestWorld, turnEnd } from "./session-fixture.ts";

let version = 0;

const FORBIDS_WRITE = { auto_approved: [], user_consent: [], forbidden: ["Write"] };
const write = (runtime_id: string, turn_id: string): PermissionQuestion => ({
  runtime_id,
  request_id: newId(),
  turn_id,
  stage: "gate",
  tool_name: "Write",
  tool_use_id: null,
  permission_mode: "acceptEdits",
  tool_input: { file_path: "/workspace/a.txt", content: "x" },
});

/** What people do with the configuration, as its rows in D1. */
async function configure(world: TestWorld, kind: string, value: unknown, scope = "user"): Promise<void> {
  version += 1;
  const { team_id, user_id } = world.principal;
  const scopeId = scope === "user" ? user_id : team_id;
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO teams (id, name, created_at, configuration_version) VALUES (?, 'a team', '2026-01-01', ?)
       ON CONFLICT (id) DO UPDATE SET configuration_version = excluded.configuration_version`,
    ).bind(team_id, version),
    env.DB.prepare(
      `INSERT OR REPLACE INTO configuration_items
         (team_id, scope, scope_id, kind, name, value, version, changed_by, changed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'x', '2026-01-01')`,
    ).bind(team_id, scope, scopeId, kind, kind, JSON.stringify(value), version),
  ]);
}

/** A prompt as it comes through the edge, which has read the team's count. */
async function turn(world: TestWorld, known = version) {
  world.session.configuration.noticed(known);
  const { turnId } = await world.begin(`prompt ${version}`);
  const runner = world.runner!;
  await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
  await runner.say(turnEnd(turnId));
  await world.settle();
  return runner.started.at(-1);
}

/** Everything that is asked of D1 about configuration; a load asks for the items and the version. */
const countReads = (database: D1Database, reads: string[]): D1Database =>
  new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (name === "prepare" && String(args[0]).includes("configuration_")) reads.push(String(args[0]));
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });

describe("a session's configuration", () => {
  it("is read once for each change, and sent to a runtime once [configuration.warm]", async () => {
    const reads: string[] = [];
    await inSession(
      async (world) => {
        expect((await turn(world, 0))?.configuration).toBeUndefined();
        expect(reads).toEqual([]);

        await configure(world, "memory", "Speak plainly.");
        const first = await turn(world);
        expect(first?.configuration?.body?.files).toMatchObject([{ path: "CLAUDE.md" }]);
        const second = await turn(world);
        expect(second?.configuration).toEqual({ sha256: first?.configuration?.sha256, body: null });
        expect(reads).toHaveLength(2);

        // Something of the team changed that is none of this session's: read again, and nothing is sent.
        await configure({ ...world, principal: { ...world.principal, user_id: "somebody-else" } }, "memory", "Other.");
        expect((await turn(world))?.configuration).toEqual(second?.configuration);
        expect(reads).toHaveLength(4);
      },
      { database: countReads(env.DB, reads) },
    );
  });

  it("is sent again to a runner that has lost it, and the turn begins once [configuration.warm]", async () => {
    await inSession(async (world) => {
      await configure(world, "memory", "Speak plainly.");
      await turn(world);
      const runner = world.runner!;
      runner.configured = null;
      const begun = runner.started.length;
      world.session.configuration.noticed(version);
      const { turnId } = await world.begin("again");
      world.aheadMs += 2_000;
      await world.session.driver.drive();
      await world.settle();
      expect(runner.started.slice(begun).map(({ turn_id }) => turn_id)).toEqual([turnId]);
      expect(runner.started.at(-1)?.configuration?.body).not.toBeNull();
    });
  });

  it("that changed is waited for while D1 does not answer; one that did not is not asked for [configuration.outage]", async () => {
    await inSession(async (world) => {
      await configure(world, "memory", "Speak plainly.");
      await turn(world);
      world.down = "d1";
      expect((await turn(world))?.configuration?.body).toBeNull();
      await configure(world, "policy", { auto_approved: [], user_consent: [], forbidden: ["Write"] });
      world.session.configuration.noticed(version);
      const begun = world.runner!.started.length;
      const submitted = world.submit({ prompt: "held back" });
      if (!submitted.ok) throw new Error(submitted.error.message);
      await world.session.driver.drive().catch(() => {});
      expect(world.runner!.started).toHaveLength(begun);
      // Nothing runs by rules that are known to be old.
      world.down = null;
      await world.session.driver.drive();
      expect(world.runner!.started).toHaveLength(begun + 1);
      expect(world.session.configuration.gate().policies).toMatchObject([{ policy: { forbidden: ["Write"] } }]);
    });
  });

  it("outlives a restart of the object [configuration.warm]", async () => {
    const reads: string[] = [];
    await inSession(
      async (world) => {
        await configure(world, "policy", { auto_approved: [], user_consent: [], forbidden: ["Write"] });
        const first = await turn(world);
        world.restart();
        expect(world.session.configuration.gate().policies).toHaveLength(1);
        expect((await turn(world))?.configuration?.sha256).toBe(first?.configuration?.sha256);
        expect(reads).toHaveLength(2);
      },
      { database: countReads(env.DB, reads) },
    );
  });

  it.each([
    ["rules", `UPDATE configuration SET gate = '{"policies":"of another build"}'`],
    ["files", "UPDATE configuration_parts SET bytes = CAST('{}' AS BLOB)"],
  ])(
    "is read again where another build stored %s that this one cannot read [configuration.unreadable]",
    async (what, spoil) => {
      await inSession(async (world) => {
        await configure(world, "policy", { auto_approved: [], user_consent: [], forbidden: ["Write"] });
        await turn(world);
        world.storage.sql.exec(spoil);
        world.restart();
        // Until then nothing runs by what nobody understands.
        if (what === "rules") {
          const { policies, ceiling } = world.session.configuration.gate();
          expect([policies[0]?.policy.forbidden, ceiling.permission_mode]).toEqual([["*"], "plan"]);
        }
        world.runner!.configured = null;
        const next = await turn(world);
        expect(next?.prompt).toBe(`prompt ${version}`);
        expect(world.session.configuration.gate().policies).toMatchObject([{ policy: { forbidden: ["Write"] } }]);
      });
    },
  );

  it("that was tightened while a prompt waited holds in its turn [configuration.waited]", async () => {
    await inSession(async (world) => {
      await configure(world, "memory", "Speak plainly.");
      world.session.configuration.noticed(version);
      const first = await world.begin("first");
      world.session.configuration.noticed(version);
      const waiting = await world.begin("second");
      await configure(world, "policy", FORBIDS_WRITE);
      await configure(world, "ceiling", { permission_mode: "plan" }, "team");
      world.aheadMs += 60_000;
      await first.runner.say(turnEnd(first.turnId));
      await world.settle();
      expect(first.runner.started.at(-1)).toMatchObject({ turn_id: waiting.turnId, permission_mode: "plan" });
      expect(world.session.configuration.gate().policies).toMatchObject([{ policy: FORBIDS_WRITE }]);
    });
  });

  it("is looked at before a follow-up's first tool, and not before its others [configuration.waited]", async () => {
    const reads: string[] = [];
    await inSession(
      async (world) => {
        await configure(world, "memory", "Speak plainly.");
        await turn(world);
        const runner = world.runner!;
        await configure(world, "policy", FORBIDS_WRITE);
        world.aheadMs += 60_000;
        const followUp = newId();
        await runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" });
        reads.length = 0;
        const decide = () => runner.host!.decidePermission(write(runner.runtimeId, followUp));
        expect(await decide()).toMatchObject({ behavior: "deny" });
        expect(reads).toHaveLength(3);
        world.aheadMs += 60_000;
        expect(await decide()).toMatchObject({ behavior: "deny" });
        expect(reads).toHaveLength(3);
      },
      { database: countReads(env.DB, reads) },
    );
  });

  it("that is not known to have changed holds on while D1 does not answer; one that is stops a follow-up's tools [configuration.outage]", async () => {
    await inSession(async (world) => {
      await configure(world, "memory", "Speak plainly.");
      await turn(world);
      const runner = world.runner!;
      world.aheadMs += 60_000;
      world.down = "d1";
      const { turnId } = await world.begin("although nobody knows");
      expect(runner.started.at(-1)?.turn_id).toBe(turnId);
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, turnEnd(turnId));
      await world.settle();
      const followUp = newId();
      await runner.say({ kind: "turn_started", turn_id: followUp, origin: "follow_up" });
      world.session.configuration.noticed(version + 1);
      const decide = () => runner.host!.decidePermission(write(runner.runtimeId, followUp));
      expect(await decide()).toMatchObject({ behavior: "deny", message: expect.stringContaining("were changed") });
      world.down = null;
      await configure(world, "policy", FORBIDS_WRITE);
      expect(await decide()).toMatchObject({ behavior: "deny", message: expect.stringContaining("Write") });
    });
  });

  it("is not waited for endlessly: D1 that never answers is asked again [configuration.outage]", async () => {
    let hangs = true;
    const hanging = new Proxy(env.DB, {
      get(target, name) {
        if (name === "batch" && hangs) return () => new Promise(() => {});
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    await inSession(
      async (world) => {
        await configure(world, "policy", { auto_approved: [], user_consent: [], forbidden: ["Write"] });
        world.session.configuration.noticed(version);
        world.submit({ prompt: "held back" });
        await expect(world.session.driver.drive()).rejects.toThrow(/no answer within/);
        expect(world.runner!.started).toEqual([]);
        hangs = false;
        await world.session.driver.drive();
        expect(world.runner!.started).toHaveLength(1);
      },
      { database: hanging },
    );
  });

  it("of more files than a session takes ends the turn with what to do [configuration.limits]", async () => {
    await inSession(async (world) => {
      const files = Array.from({ length: 100 }, (_, index) => {
        return { path: index === 0 ? "SKILL.md" : `${index}.md`, content: "x", encoding: "utf8", executable: false };
      });
      const skill = { description: "many", allowed_tools: [], files, source: { kind: "written" } };
      for (let number = 0; number < 51; number++) {
        await env.DB.prepare(
          `INSERT INTO configuration_items VALUES (?, 'user', ?, 'skill', ?, ?, 1, 'x', '2026-01-01')`,
        )
          .bind(world.principal.team_id, world.principal.user_id, `skill-${number}`, JSON.stringify(skill))
          .run();
      }
      await configure(world, "memory", "one more");
      world.session.configuration.noticed(version);
      const { turnId } = await world.begin("too many");
      expect(world.session.turns.get(turnId)).toMatchObject({
        status: "failed",
        reason: expect.stringContaining("5,000 files"),
      });
    });
  });

  it("that is too large ends the turn with what to do [configuration.limits]", async () => {
    await inSession(async (world) => {
      for (let number = 0; number < 1_100; number++) {
        await env.DB.prepare(
          `INSERT INTO configuration_items VALUES (?, 'user', ?, 'environment', ?, ?, 1, 'x', '2026-01-01')`,
        )
          .bind(world.principal.team_id, world.principal.user_id, `V${number}`, JSON.stringify("x".repeat(8192)))
          .run();
      }
      await configure(world, "memory", "one more");
      world.session.configuration.noticed(version);
      const { turnId } = await world.begin("too much");
      expect(world.session.turns.get(turnId)).toMatchObject({
        status: "failed",
        reason: expect.stringContaining("8 MB"),
      });
    });
  });
});

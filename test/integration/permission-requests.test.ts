// What waits for a person, in the Session object: asked once, answered once, through restarts, races and interrupts.
import { describe, expect, it } from "vitest";
import { createConfigurationStore } from "../../src/durable-objects/configuration/configuration-store.ts";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import { NOTHING_CONFIGURED } from "../../src/shared/configuration/materialise.ts";
import type { GateConfiguration } from "../../src/shared/configuration/session-configuration.ts";
import type { PermissionAnswer } from "../../src/shared/permissions/permission-request.ts";
import type { PermissionPolicy, PolicyScope } from "../../src/shared/permissions/policy-schema.ts";
import type { PermissionQuestion } from "../../src/shared/rpc/session-host-api.ts";
import { inSession, newId, type TestRunner, type TestWorld, turnEnd } from "./session-fixture.ts";

type Wish = Partial<PermissionQuestion>;

function question(runner: TestRunner, turn_id: string, wish: Wish = {}): PermissionQuestion {
  return {
    runtime_id: runner.runtimeId,
    request_id: newId(),
    turn_id,
    stage: "consent",
    tool_name: "Bash",
    tool_use_id: "toolu_1",
    permission_mode: "default",
    tool_input: { command: "npm test" },
    cwd: "/workspace",
    project_dir: "/workspace",
    home_dir: "/home/agent",
    patience_ms: 61 * 60_000,
    ...wish,
  };
}

async function begin(world: TestWorld) {
  const begun = await world.begin();
  await begun.runner.say({ kind: "turn_started", turn_id: begun.turnId, origin: "prompt" });
  begun.runner.runningTurnId = begun.turnId;
  return begun;
}

/** The runner's call, once it waits for a person. */
async function ask(world: TestWorld, asked: PermissionQuestion) {
  const decision = world.runner!.host!.decidePermission(asked).catch(() => "cut" as const);
  const isAsked = () => world.session.permissions.pending().some(({ request_id }) => request_id === asked.request_id);
  await expect.poll(() => isAsked() && world.session.bell.waiters() > 0).toBe(true);
  return { decision };
}

const answer = (world: TestWorld, request_id: string, given: PermissionAnswer = { decision: "allow_once" }) =>
  world.session.permissions.answer({ request_id, answer: given, user_id: world.principal.user_id, way: "page" });

const events = (world: TestWorld, type: string) =>
  world.session.events.page(0, { maxEvents: 500, maxBytes: 1_000_000 }).filter((event) => event.type === type);

/** As if these rules had been configured for the session. */
function configure(world: TestWorld, rules: Partial<PermissionPolicy>, scope: PolicyScope = "project") {
  configureGate(world, {
    policies: [{ scope, policy: { auto_approved: [], user_consent: [], forbidden: [], ...rules } }],
  });
}

function configureGate(world: TestWorld, wish: Partial<GateConfiguration>) {
  const gate = { ...NOTHING_CONFIGURED.gate, ...wish };
  const store = createConfigurationStore(world.storage);
  store.save({
    version: 1,
    sha256: "0".repeat(64),
    sandboxJson: new TextEncoder().encode(JSON.stringify(NOTHING_CONFIGURED.sandbox)),
    gate,
  });
}

const runAlarm = (world: TestWorld) =>
  runSessionTasks(world.session, world.database, { info: () => {}, error: (event) => world.logged.push(event) });

describe("a request for a person's consent", () => {
  it("is shown, comes back to whoever waits, and goes on when it is allowed [permissions.pending] [permissions.answer]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId);
      const waiting = world.session.reader.wait({
        principal: world.principal,
        after_cursor: world.session.events.cursor(),
        wait_ms: 10_000,
        return_on: "turn",
        turn_id: turnId,
      });
      const { decision } = await ask(world, asked);
      const waited = await waiting;
      const { request_id } = asked;
      expect(waited).toMatchObject({
        settled: true,
        session: { status: "waiting_for_permission", status_reason: expect.stringContaining("Bash") },
        pending_permissions: [{ request_id, tool: "Bash", summary: "Bash: npm test", kind: "tool" }],
      });
      expect(world.session.permissions.view(request_id)).toMatchObject({
        value: {
          tool_input: { command: "npm test" },
          prompt: "do it",
          permission_mode: "default",
          session: { project: "demo", branch: "main", started_by: world.principal.user_id },
          always_rule: "Bash(npm test)",
          settled: null,
        },
      });
      expect(answer(world, request_id)).toMatchObject({ ok: true, value: { settled: { remember: "once" } } });
      expect(await decision).toEqual({ behavior: "allow" });
      expect(world.session.reader.view()).toMatchObject({ session: { status: "running" }, pending_permissions: [] });
      const resolved = { request_id, behavior: "allow", decided_by: "page", user_id: world.principal.user_id };
      expect(events(world, "permission_requested")).toMatchObject([
        { data: { request_id, reason: expect.any(String) } },
      ]);
      expect(events(world, "permission_resolved")).toMatchObject([{ data: resolved }]);
    });
  });

  it("survives the loss of everything in memory: asked again it is the same request, with one answer [permissions.pending]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId);
      const first = await ask(world, asked);
      world.restart();
      expect(await first.decision).toBe("cut");
      expect(world.session.reader.view().session.status).toBe("waiting_for_permission");
      await world.session.driver.drive();
      const again = await ask(world, asked);
      expect(answer(world, asked.request_id)).toMatchObject({ ok: true });
      expect(await again.decision).toEqual({ behavior: "allow" });
      world.restart();
      await world.session.driver.drive();
      expect(await runner.host!.decidePermission(asked)).toEqual({ behavior: "allow" });
      expect(events(world, "permission_requested")).toHaveLength(1);
      expect(events(world, "permission_resolved")).toHaveLength(1);
    });
  });

  it("that was answered while its runner was away is answered so when it asks again [permissions.pending]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId);
      await ask(world, asked);
      world.restart();
      answer(world, asked.request_id, { decision: "deny", message: "Not now." });
      await world.session.driver.drive();
      expect(await runner.host!.decidePermission(asked)).toMatchObject({
        behavior: "deny",
        message: expect.stringContaining("Not now."),
      });
    });
  });

  it("is answered once: of two answers the first stands, and the second is told so [permissions.answer]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId);
      const { decision } = await ask(world, asked);
      const [first, second] = await Promise.all([
        Promise.resolve().then(() => answer(world, asked.request_id, { decision: "deny" })),
        Promise.resolve().then(() => answer(world, asked.request_id)),
      ]);
      expect(first).toMatchObject({ ok: true });
      expect(second).toMatchObject({ ok: false, error: { code: "permission_answered" } });
      expect(await decision).toMatchObject({ behavior: "deny" });
      expect(events(world, "permission_resolved")).toHaveLength(1);
      expect(answer(world, newId())).toMatchObject({ error: { code: "permission_not_found" } });
    });
  });

  it("that nobody answers is denied by the alarm when its time is up, and the session says so [permissions.timeout]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId);
      const { decision } = await ask(world, asked);
      const dueAt = world.session.alarms.dueAt("permissions")!;
      expect(dueAt - Date.now()).toBeGreaterThan(590_000);
      expect(dueAt - Date.now()).toBeLessThanOrEqual(600_000);
      world.aheadMs = 601_000;
      await runAlarm(world);
      expect(await decision).toMatchObject({
        behavior: "deny",
        message: expect.stringContaining("Nobody answered in time"),
      });
      expect(events(world, "permission_resolved")).toMatchObject([{ data: { decided_by: "timeout", user_id: null } }]);
      expect(world.session.reader.view().session.status).toBe("running");
      expect(answer(world, asked.request_id)).toMatchObject({ error: { code: "permission_expired" } });
    });
  });

  it("is over before its runner gives up, however long the object's own limit is [permissions.timeout]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId, { patience_ms: 120_000 });
      await ask(world, asked);
      expect(world.session.alarms.dueAt("permissions")! - Date.now()).toBeLessThanOrEqual(60_000);
    });
  });

  it("ends with an interrupt, of which Claude hears first, and takes no answer any more [permissions.stop]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId);
      const { decision } = await ask(world, asked);
      const told = decision.then((answered) => [answered, [...runner.interrupted]]);
      await world.session.ender.interrupt();
      expect(await told).toMatchObject([{ behavior: "deny" }, [turnId]]);
      expect(events(world, "permission_resolved")).toMatchObject([{ data: { decided_by: "interrupt" } }]);
      expect(answer(world, asked.request_id)).toMatchObject({ error: { code: "permission_expired" } });
      const later = question(runner, turnId);
      expect(await runner.host!.decidePermission(later)).toMatchObject({ behavior: "deny" });
    });
  });

  it("ends with its turn, its sandbox and its session [permissions.stop]", async () => {
    const ends: ((world: TestWorld, turnId: string) => Promise<void>)[] = [
      async (world, turnId) => void (await world.runner!.say(turnEnd(turnId))),
      async (world) => world.session.driver.loseRuntime(),
      async (world) => world.session.ender.end("ended on request"),
    ];
    for (const end of ends) {
      await inSession(async (world) => {
        const { turnId, runner } = await begin(world);
        const asked = question(runner, turnId);
        await ask(world, asked);
        await end(world, turnId);
        expect(world.session.permissions.pending()).toEqual([]);
        expect(events(world, "permission_resolved")).toMatchObject([{ data: { behavior: "deny", user_id: null } }]);
        expect(answer(world, asked.request_id)).toMatchObject({ error: { code: "permission_expired" } });
      });
    }
  });

  it("keeps the session at work while it waits: lease and slot stay its own [permissions.pending]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      await ask(world, question(runner, turnId));
      world.aheadMs = 300_000;
      await runAlarm(world);
      await runAlarm(world);
      await world.settle();
      expect(world.session.workFacts()).toMatchObject({ openTurns: 1, ended: false });
      expect(world.session.connection.current()).not.toBeNull();
      expect(world.released).toEqual([]);
      expect(world.slots.at(-1)).toMatchObject({ turn_id: turnId });
      expect(world.session.permissions.pending()).toHaveLength(1);
    });
  });

  it("that is too long to be shown whole is denied without a question [permissions.answer]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const tool_input = { command: "echo [… 300000 more characters]" };
      const decision = await runner.host!.decidePermission(question(runner, turnId, { tool_input }));
      expect(decision).toMatchObject({ behavior: "deny", message: expect.stringContaining("too long to be shown") });
    });
  });

  it("of Claude's and of MCP servers' goes the same way, with what the person answered [permissions.questions]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const questions = [{ question: "Which?", header: "Pick", options: [{ label: "A", description: "" }] }];
      const asked = question(runner, turnId, { tool_name: "AskUserQuestion", tool_input: { questions } });
      const form = question(runner, turnId, {
        stage: "elicitation",
        tool_name: "files",
        tool_input: {
          message: "Who?",
          requested_schema: { properties: { name: { type: "string" } }, required: ["name"] },
        },
      });
      const [first, second] = [await ask(world, asked), await ask(world, form)];
      expect(world.session.reader.view().pending_permissions).toMatchObject([
        { kind: "question", summary: "Which?" },
        { kind: "elicitation", tool: "files", summary: "Who?" },
      ]);
      expect(answer(world, asked.request_id)).toMatchObject({ error: { code: "invalid_argument" } });
      answer(world, asked.request_id, { decision: "answer", content: { "Which?": "A" } });
      answer(world, form.request_id, { decision: "answer", content: { name: "Ada" } });
      expect(await first.decision).toEqual({ behavior: "allow", added_input: { answers: { "Which?": "A" } } });
      expect(await second.decision).toEqual({ behavior: "allow", added_input: { name: "Ada" } });
    });
  });
});

describe("the gate with rules", () => {
  it("refuses what is forbidden, asks for consent, and lets run what is approved, in every mode [permissions.gate]", async () => {
    const rules = { auto_approved: ["Bash(ls *)"], user_consent: ["Bash(git push *)"], forbidden: ["Bash(rm *)"] };
    await inSession(async (world) => {
      configure(world, rules);
      const { turnId, runner } = await begin(world);
      const gate = (command: string) => {
        const asked = { stage: "gate", permission_mode: "bypassPermissions", tool_input: { command } } as const;
        return runner.host!.decidePermission(question(runner, turnId, asked));
      };
      expect(await gate("rm -r src")).toMatchObject({
        behavior: "deny",
        message: expect.stringContaining("Bash(rm *)"),
      });
      expect(await gate("git push origin")).toMatchObject({ behavior: "ask" });
      expect(await gate("ls -l")).toEqual({ behavior: "allow" });
      expect(await gate("npm test")).toEqual({ behavior: "no_rule" });
      const told = events(world, "permission_resolved").map(({ data }) => [
        data["behavior"],
        data["rule"],
        data["decided_by"],
      ]);
      expect(told).toEqual([
        ["deny", "Bash(rm *)", "policy"],
        ["allow", "Bash(ls *)", "policy"],
      ]);
      const consent = question(runner, turnId, { tool_input: { command: "git push origin" } });
      await ask(world, consent);
      expect(world.session.permissions.view(consent.request_id)).toMatchObject({
        value: {
          rule: "Bash(git push *)",
          rule_scope: "project",
          always_rule: null,
          session_rule: "Bash(git push origin)",
        },
      });
    });
  });

  it("tells of one decision once, however often the same question comes in meanwhile [permissions.gate]", async () => {
    await inSession(async (world) => {
      configure(world, { auto_approved: ["Edit"] });
      world.toolCheckpoints = "per_tool_use";
      const checkpoint = Promise.withResolvers<void>();
      world.onBeforeTool = () => checkpoint.promise;
      const { turnId, runner } = await begin(world);
      const asked = question(runner, turnId, { stage: "gate", tool_name: "Edit", tool_input: { file_path: "/a" } });
      const decisions = [runner.host!.decidePermission(asked), runner.host!.decidePermission(asked)];
      await expect.poll(() => world.beforeTools.length).toBe(2);
      checkpoint.resolve();
      expect(await Promise.all(decisions)).toEqual([{ behavior: "allow" }, { behavior: "allow" }]);
      expect(events(world, "permission_requested")).toHaveLength(1);
      expect(events(world, "permission_resolved")).toHaveLength(1);
    });
  });

  it("does not ask again for what was allowed for the session, here or after a restart [permissions.session]", async () => {
    await inSession(async (world) => {
      configure(world, { user_consent: ["Bash(git push *)"] });
      const { turnId, runner } = await begin(world);
      const tool_input = { command: "git push origin" };
      const asked = question(runner, turnId, { tool_input });
      const { decision } = await ask(world, asked);
      answer(world, asked.request_id, { decision: "allow_session" });
      expect(await decision).toEqual({ behavior: "allow" });
      world.restart();
      await world.session.driver.drive();
      const gate = { stage: "gate", tool_input } as const;
      expect(await runner.host!.decidePermission(question(runner, turnId, gate))).toEqual({ behavior: "allow" });
      const wider = { stage: "gate", tool_input: { command: "git push --force" } } as const;
      expect(await runner.host!.decidePermission(question(runner, turnId, wider))).toMatchObject({ behavior: "ask" });
    });
  });

  it("lets the very same call run again where no rule is narrow enough, and no other [permissions.session]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await begin(world);
      const call = { tool_name: "mcp__github__create_issue", tool_input: { title: "a", body: { x: 1, y: 2 } } };
      const asked = question(runner, turnId, call);
      const { decision } = await ask(world, asked);
      answer(world, asked.request_id, { decision: "allow_session" });
      await decision;
      const again = { ...call, tool_input: { body: { y: 2, x: 1 }, title: "a" }, stage: "gate" } as const;
      expect(await runner.host!.decidePermission(question(runner, turnId, again))).toEqual({ behavior: "allow" });
      const other = { ...call, tool_input: { title: "b" }, stage: "gate" } as const;
      expect(await runner.host!.decidePermission(question(runner, turnId, other))).toEqual({ behavior: "no_rule" });
    });
  });
});

describe("what a skill may do without a question", () => {
  it("holds once its call runs, and not for one that a person is asked about or denied [permissions.skills]", async () => {
    await inSession(async (world) => {
      configureGate(world, { approvals: { deploy: { scope: "user", rules: ["Bash(kubectl *)"] } } });
      const { turnId, runner } = await begin(world);
      const skill = (stage: "gate" | "consent", tool_use_id: string) =>
        question(runner, turnId, {
          stage,
          tool_name: "Skill",
          tool_use_id,
          tool_input: { skill: "deploy" },
          own_names: [],
        });
      const kubectl = async () => {
        const call: Wish = { stage: "gate", tool_input: { command: "kubectl get pods" }, own_names: [] };
        return (await runner.host!.decidePermission(question(runner, turnId, call))).behavior;
      };
      expect(await runner.host!.decidePermission(skill("gate", "toolu_a"))).toEqual({ behavior: "no_rule" });
      const asked = skill("consent", "toolu_a");
      const { decision } = await ask(world, asked);
      expect(await kubectl()).toBe("no_rule");
      answer(world, asked.request_id, { decision: "deny" });
      expect(await decision).toMatchObject({ behavior: "deny" });
      expect(await kubectl()).toBe("no_rule");

      const again = skill("consent", "toolu_b");
      await runner.host!.decidePermission(skill("gate", "toolu_b"));
      const waiting = await ask(world, again);
      answer(world, again.request_id);
      expect(await waiting.decision).toEqual({ behavior: "allow" });
      expect(await kubectl()).toBe("allow");

      const later = skill("consent", "toolu_c");
      await runner.host!.decidePermission(skill("gate", "toolu_c"));
      const denied = await ask(world, later);
      answer(world, later.request_id, { decision: "deny" });
      await denied.decision;
      expect(await kubectl()).toBe("allow");
    });
  });
});

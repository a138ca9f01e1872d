import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Place } from "../../src/shared/configuration/place.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { loadConfiguration } from "../../src/durable-objects/configuration/load-configuration.ts";
import { createConfigurationService } from "../../src/worker/configuration/configuration-service.ts";
import { createConfigurationStore } from "../../src/worker/configuration/configuration-store.ts";
import { forgetPlace } from "../../src/worker/configuration/forget-place.ts";
import { createPlaceResolver } from "../../src/worker/configuration/place-resolver.ts";
import { createProposalService } from "../../src/worker/configuration/proposal-service.ts";
import { createProposalStore } from "../../src/worker/configuration/proposal-store.ts";
import { createCommandService } from "../../src/worker/commands/command-service.ts";
import { findPolicy } from "../../src/worker/permissions/find-policy.ts";
import { addUserRule } from "../../src/worker/permissions/user-rule.ts";
import { createSkillService } from "../../src/worker/skills/skill-service.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { createPlacedRows } from "../support/placed-rows.ts";
import { newUuid } from "../support/seed-checkpoint.ts";

const db = createDatabase(env.DB);
let aheadMs = 0;
const now = () => new Date(Date.now() + aheadMs);
const proposals = createProposalService({
  store: createProposalStore({ db, now, newId: newUuid }),
  publicUrl: "https://berth.test",
  newId: newUuid,
  now,
});
const places = createPlaceResolver({
  findProject: () => Promise.reject(new Error("not asked here")),
  session: () => ({ getSession: () => Promise.reject(new Error("not asked here")) }),
});
const store = createConfigurationStore({ db, now });
/** What somebody else does between the look and the write; once. */
let meanwhile: (() => Promise<unknown>) | null = null;
const service = createConfigurationService({
  store: {
    ...store,
    async apply(...change) {
      const interfere = meanwhile;
      meanwhile = null;
      await interfere?.();
      return store.apply(...change);
    },
  },
  proposals,
  places,
});

let owner: Principal;
let user: Place;
async function newTeam(): Promise<Principal> {
  const team_id = newUuid();
  await env.DB.prepare("INSERT INTO teams (id, name, created_at) VALUES (?, 'a team', '2026-01-01')")
    .bind(team_id)
    .run();
  return { user_id: newUuid(), team_id, role: "owner" };
}
const forbid = (...forbidden: string[]) => ({ auto_approved: [], user_consent: [], forbidden });
const setPolicy = (value: unknown, place = user, principal = owner) =>
  service.change(principal, {
    place,
    changes: [{ kind: "policy", name: "policy", value }],
    summary: "set the policy",
    client: "client-1",
  });
const policyNow = async (place = user) =>
  (await service.items(place, owner)).find(({ kind }) => kind === "policy")?.value ?? null;

/** As an earlier build may have left it. */
const keepRaw = (kind: string, name: string, value: unknown) =>
  env.DB.prepare("INSERT INTO configuration_items VALUES (?, 'user', ?, ?, ?, ?, 1, 'x', '2026-01-01')")
    .bind(owner.team_id, owner.user_id, kind, name, JSON.stringify(value))
    .run();
const COMMAND = { description: null, category: null, argument_hint: null, allowed_tools: [], model: null, body: "x" };
const skillOf = (count: number) => ({
  description: "of many files",
  allowed_tools: [],
  files: Array.from({ length: count }, (_, index) => {
    return { path: index === 0 ? "SKILL.md" : `${index}.md`, content: "x", encoding: "utf8", executable: false };
  }),
  source: { kind: "written" },
});
const variables = (count: number, value = "x") =>
  Array.from({ length: count }, (_, index) => ({ kind: "environment" as const, name: `V${index}`, value }));

beforeEach(async () => {
  aheadMs = 0;
  meanwhile = null;
  owner = await newTeam();
  user = { scope: "user", scope_id: owner.user_id };
});

describe("a change", () => {
  it("that narrows holds at once, under a version of its own [configuration.versions]", async () => {
    expect(await setPolicy(forbid("Write"))).toEqual({ outcome: "applied", version: 1 });
    expect(await setPolicy(forbid("Write", "Edit"))).toEqual({ outcome: "applied", version: 2 });
    expect(await policyNow()).toEqual(forbid("Write", "Edit"));
    expect(await setPolicy(forbid("Write", "Edit"))).toEqual({ outcome: "unchanged" });
    const versions = await service.versions(owner, user, { before: null, limit: 10 });
    expect(versions).toMatchObject([
      { version: 2, items: ["policy policy"], changed_by: owner.user_id },
      { version: 1, items: ["policy policy"] },
    ]);
    expect(await service.versions(owner, user, { before: 2, limit: 10 })).toHaveLength(1);
  });

  it("that widens changes nothing until a person confirms it [configuration.proposal]", async () => {
    await setPolicy(forbid("Write"));
    const proposed = await setPolicy(null);
    expect(proposed).toMatchObject({ outcome: "proposed" });
    expect(await policyNow()).toEqual(forbid("Write"));
    const { proposal_id, confirm_url } = proposed as { proposal_id: string; confirm_url: string };
    expect(confirm_url).toBe(`https://berth.test/proposals/${proposal_id}`);
    expect(await proposals.find(owner, proposal_id)).toMatchObject({
      changes: [{ kind: "policy", name: "policy", before: forbid("Write"), after: null }],
      client: "client-1",
      state: "open",
    });
    expect(await proposals.confirm(owner, proposal_id)).toEqual({ version: 2 });
    expect(await policyNow()).toBeNull();
  });

  it("of several items is all or nothing: one that widens takes the others along [configuration.proposal]", async () => {
    const changes = [
      { kind: "memory", name: "memory", value: "Speak plainly." },
      { kind: "environment", name: "COLOR", value: "1" },
    ] as const;
    const outcome = await service.change(owner, { place: user, changes, summary: "two", client: null });
    expect(outcome).toMatchObject({ outcome: "proposed" });
    expect(await service.items(user, owner)).toEqual([]);
  });

  it("is compared anew with what somebody else wrote meanwhile [configuration.concurrent]", async () => {
    const approve = (...auto_approved: string[]) => ({ auto_approved, user_consent: [], forbidden: [] });
    await proposals.confirm(owner, ((await setPolicy(approve("Edit(src/**)"))) as { proposal_id: string }).proposal_id);
    // Narrows what is there; not what is there once the approval has been taken back.
    meanwhile = () => setPolicy(null);
    const changed = await setPolicy({ ...approve("Edit(src/**)"), forbidden: ["Write"] });
    expect(changed).toMatchObject({ outcome: "proposed" });
    expect(await policyNow()).toBeNull();
  });

  it("that finds something else each time is given up with what to do [configuration.concurrent]", async () => {
    let count = 0;
    const again = async (): Promise<void> => {
      count += 1;
      await store.apply(
        { teamId: owner.team_id, place: user, changes: variables(1, `${count}`), summary: "x", changedBy: "x" },
        (await store.read(owner.team_id, user)).version,
      );
      meanwhile = again;
    };
    meanwhile = again;
    await expect(setPolicy(forbid("Write"))).rejects.toMatchObject({ code: "configuration_changed" });
    expect(count).toBeGreaterThan(2);
    expect(await policyNow()).toBeNull();
  });

  it("of many items and sizes is kept as it is, text for text [configuration.versions]", async () => {
    const nasty = ['\u0000\ud800\u2028"\\/', "null", "é€😀\n", '{"before":null}'].map((value, index) => {
      return { kind: "memory" as const, name: `n${index}`, value: value.repeat(300_000 / value.length) };
    });
    const seen = (await store.read(owner.team_id, user)).version;
    const set = { teamId: owner.team_id, place: user, changes: nasty, summary: "x", changedBy: "x" };
    expect(await store.apply(set, seen)).toBe(1);
    expect(await store.apply(set, seen)).toBeNull();
    const removal = [...nasty.slice(1), { kind: "memory" as const, name: "n0", value: null }];
    expect(await store.apply({ ...set, changes: removal }, 1)).toBe(2);
    for (const [version, names] of [
      [1, ["n0", "n1", "n2", "n3"]],
      [2, ["n1", "n2", "n3"]],
    ] as const) {
      const items = (await store.itemsAt(owner.team_id, user, version)) ?? [];
      expect(items.map(({ name }) => name).sort()).toEqual(names);
      for (const { name, value } of items) expect(value === nasty.find((one) => one.name === name)?.value).toBe(true);
    }
    expect((await service.items(user, owner)).map(({ version }) => version)).toEqual([2, 2, 2]);
  });

  it("of the team's configuration takes an owner [configuration.roles]", async () => {
    const member: Principal = { ...owner, role: "member" };
    const wanted = { scope: "team", project: null, session_id: null } as const;
    await expect(async () => places.findToChange(member, wanted)).rejects.toMatchObject({ code: "role_not_allowed" });
    expect(await places.findToChange(owner, wanted)).toEqual({ scope: "team", scope_id: owner.team_id });
  });
});

describe("a proposal", () => {
  const propose = async (): Promise<string> => {
    const proposed = await setPolicy({ auto_approved: ["Bash(git *)"], user_consent: [], forbidden: [] });
    return (proposed as { proposal_id: string }).proposal_id;
  };

  it("is carried out once, also when it is confirmed twice at the same time [configuration.proposal]", async () => {
    const id = await propose();
    const answers = await Promise.allSettled([proposals.confirm(owner, id), proposals.confirm(owner, id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await service.versions(owner, user, { before: null, limit: 10 })).toHaveLength(1);
    await expect(proposals.confirm(owner, id)).rejects.toMatchObject({ code: "proposal_closed" });
    await expect(proposals.refuse(owner, id)).rejects.toMatchObject({ code: "proposal_closed" });
  });

  it("that was refused, or is too old, changes nothing [configuration.proposal]", async () => {
    const [refused, old] = [await propose(), await propose()];
    await proposals.refuse(owner, refused);
    await expect(proposals.confirm(owner, refused)).rejects.toMatchObject({ code: "proposal_closed" });
    aheadMs = 25 * 60 * 60_000;
    await expect(proposals.confirm(owner, old)).rejects.toThrow(/too old/);
    expect(await policyNow()).toBeNull();
  });

  it("is refused when what it would change is not what the person saw [configuration.proposal]", async () => {
    const id = await propose();
    await setPolicy(forbid("Bash(git push *)"));
    await expect(proposals.confirm(owner, id)).rejects.toThrow(/changed meanwhile/);
    expect(await policyNow()).toEqual(forbid("Bash(git push *)"));
  });

  it("is nobody else's to see or to answer [configuration.proposal]", async () => {
    const id = await propose();
    const stranger = await newTeam();
    const colleague: Principal = { ...owner, user_id: newUuid() };
    for (const other of [stranger, colleague]) {
      await expect(proposals.find(other, id)).rejects.toMatchObject({ code: "not_found" });
      await expect(proposals.confirm(other, id)).rejects.toMatchObject({ code: "not_found" });
      await expect(proposals.refuse(other, id)).rejects.toMatchObject({ code: "not_found" });
    }
  });

  it("may be of as many items as a scope takes [configuration.proposal]", async () => {
    const request = { place: user, summary: "many", client: null };
    const proposed = await service.change(owner, { ...request, changes: variables(300) });
    const { proposal_id } = proposed as { proposal_id: string };
    expect(await proposals.confirm(owner, proposal_id)).toEqual({ version: 1 });
    expect(await service.items(user, owner)).toHaveLength(300);
    const changed = await service.change(owner, { ...request, changes: variables(300, "y") });
    await store.apply(
      { teamId: owner.team_id, place: user, changes: variables(1, "z"), summary: "x", changedBy: "x" },
      1,
    );
    await expect(proposals.confirm(owner, (changed as typeof proposed & { proposal_id: string }).proposal_id))
      .rejects // .
      .toThrow(/changed meanwhile/);
    const values = (await service.items(user, owner)).map(({ value }) => value);
    expect([values.filter((value) => value === "x").length, values.includes("z")]).toEqual([299, true]);
  });

  it("that is larger than can be kept is refused with what to do [configuration.limits]", async () => {
    const request = { place: user, summary: "large", client: null };
    const large = service.change(owner, { ...request, changes: variables(70, "€".repeat(8_000)) });
    await expect(large).rejects.toMatchObject({ code: "configuration_too_large" });
    await expect(large).rejects.toThrow(/several/);
  });

  it("cannot be one of too many [configuration.proposal]", async () => {
    for (let count = 0; count < 50; count++) await propose();
    await expect(propose()).rejects.toMatchObject({ code: "too_many_proposals" });
  });
});

describe("a version", () => {
  it("is had again as a new one, with what came later removed [configuration.versions]", async () => {
    await setPolicy(forbid("Write"));
    const memory = { kind: "memory", name: "memory", value: "Speak plainly." } as const;
    await service.change(owner, { place: user, changes: [memory], summary: "say it", client: null });
    const restored = await service.restore(owner, { place: user, version: 1, client: null });
    expect(restored).toEqual({ outcome: "applied", version: 3 });
    expect((await service.items(user, owner)).map(({ kind }) => kind)).toEqual(["policy"]);
    expect(await service.restore(owner, { place: user, version: 2, client: null })).toMatchObject({ version: 4 });
    expect(await service.items(user, owner)).toHaveLength(2);
  });

  it("that allowed more than now only becomes a proposal [configuration.versions]", async () => {
    const memory = { kind: "memory", name: "memory", value: "Speak plainly." } as const;
    await service.change(owner, { place: user, changes: [memory], summary: "say it", client: null });
    await setPolicy(forbid("Write"));
    const restored = await service.restore(owner, { place: user, version: 1, client: null });
    expect(restored).toMatchObject({ outcome: "proposed" });
    expect(await policyNow()).toEqual(forbid("Write"));
  });

  it("brings back neither trouble with what stays as it is, nor a count of what goes [configuration.versions]", async () => {
    const put = (name: string, value: unknown) =>
      env.DB.prepare(
        `INSERT INTO configuration_items (team_id, scope, scope_id, kind, name, value, version, changed_by, changed_at)
          VALUES (?, 'user', ?, 'environment', ?, ?, 0, 'x', '2026-01-01')`,
      ).bind(owner.team_id, user.scope_id, name, JSON.stringify(value));
    await setPolicy(forbid("Write"));
    // An item as another build kept it, which this one would not take.
    await put("UNREADABLE", { text: "in another form" }).run();
    await env.DB.prepare(
      `INSERT INTO configuration_changes SELECT team_id, 1, scope, scope_id, kind, name, value, 'x', 'x', changed_at
        FROM configuration_items WHERE name = 'UNREADABLE' AND team_id = ?`,
    )
      .bind(owner.team_id)
      .run();
    await setPolicy(forbid("Write", "Edit"));
    const restored = await service.restore(owner, { place: user, version: 2, client: null });
    expect(restored).toEqual({ outcome: "unchanged" });
    // As many as there may be: others can take their place.
    const names = Array.from({ length: 498 }, (_, index) => `NAME_${index}`);
    await env.DB.batch(names.map((name) => put(name, "x")));
    const setting = (name: string, value: unknown) => ({ kind: "environment", name, value }) as const;
    const swap = [setting("NAME_0", null), setting("OTHER", "x")];
    const asPerson = (changes: readonly ReturnType<typeof setting>[]) =>
      service.changeAsPerson(owner, { place: user, changes, summary: "swap", client: null });
    expect(await asPerson(swap)).toMatchObject({ outcome: "applied" });
    await expect(asPerson([setting("MORE", "x")])).rejects.toThrow("at most 500 items");
    await expect(asPerson([setting("MORE", "x"), setting("NAME_0", null)])).rejects.toThrow("at most 500 items");
  });

  it("of another scope is not there", async () => {
    await setPolicy(forbid("Write"));
    const team = { scope: "team", scope_id: owner.team_id } as const;
    await expect(service.restore(owner, { place: team, version: 1, client: null })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("what a person allows for always", () => {
  it("is added to what others added at the same moment [permissions.always]", async () => {
    const rules = ["Bash(git status)", "Bash(git log)", "Read(/etc/hosts)"];
    await Promise.all(rules.map((rule) => addUserRule(service, owner, rule)));
    expect((await policyNow()) as { auto_approved: string[] }).toMatchObject({
      auto_approved: expect.arrayContaining(rules) as unknown,
    });
    await addUserRule(service, owner, "Bash(git log)");
    expect(await service.versions(owner, user, { before: null, limit: 10 })).toHaveLength(3);
  });
});

describe("an item that cannot be read any more", () => {
  it("is named, and replaced or removed by a person [configuration.unreadable]", async () => {
    await keepRaw("policy", "policy", { auto_approved: "all" });
    const items = await service.items(user, owner);
    expect(() => findPolicy(items)).toThrow(/cannot be read[^]*update_permission_policy/);
    const added = addUserRule(service, owner, "Bash(git log)");
    await expect(added).rejects.toMatchObject({ code: "configuration_unreadable" });
    for (const value of [forbid("Write"), null]) expect(await setPolicy(value)).toMatchObject({ outcome: "proposed" });
    const { proposal_id } = (await setPolicy(forbid("Write"))) as { proposal_id: string };
    await proposals.confirm(owner, proposal_id);
    expect(findPolicy(await service.items(user, owner))).toEqual(forbid("Write"));
  });

  it("of a command or skill is shown as such, and removed or replaced [configuration.unreadable]", async () => {
    const commands = createCommandService({ configuration: service, requireModel: () => {} });
    const skills = createSkillService({
      configuration: service,
      download: () => Promise.reject(new Error("not asked here")),
      sha256Hex: () => Promise.reject(new Error("not asked here")),
    });
    const place = { scope: "user", project: null, session_id: null } as const;
    await keepRaw("command", "review", { body: 7 });
    await keepRaw("skill", "notes", { files: 7 });
    const request = { place, client: null };
    await expect(commands.get(owner, place, "review")).rejects.toMatchObject({ code: "configuration_unreadable" });
    await expect(skills.get(owner, place, "notes")).rejects.toMatchObject({ code: "configuration_unreadable" });
    const fields = { markdown: "Look at it." };
    await expect(commands.update(owner, { ...request, name: "review", fields })).rejects.toMatchObject({
      code: "configuration_unreadable",
    });
    const proposed = [
      await commands.create(owner, { ...request, name: "review", fields }),
      await commands.remove(owner, { ...request, name: "review" }),
      await skills.remove(owner, { ...request, name: "notes" }),
    ];
    expect(proposed.map(({ outcome }) => outcome)).toEqual(["proposed", "proposed", "proposed"]);
  });
});

describe("a place that is gone", () => {
  it("leaves nothing of what was configured for it, and everything of its neighbours [configuration.forgotten]", async () => {
    const [placed, gone, stays] = [createPlacedRows(env.DB), newUuid(), newUuid()];
    for (const scope_id of [gone, stays]) await placed.seed({ team_id: owner.team_id, scope: "project", scope_id });
    const before = await placed.left(stays);
    expect(before).toContain("proposals");
    await forgetPlace(db, "project", gone);
    expect(await placed.left(gone)).toEqual([]);
    expect(await placed.left(stays)).toEqual(before);
  });
});

describe("what a session is configured by", () => {
  it("is read from its own places alone [configuration.isolation]", async () => {
    const [project_id, session_id, other] = [newUuid(), newUuid(), newUuid()];
    const say = (place: Place, text: string, principal = owner) =>
      service.change(principal, {
        place,
        changes: [{ kind: "memory", name: "memory", value: text }],
        summary: "say it",
        client: null,
      });
    const stranger = await newTeam();
    await say({ scope: "team", scope_id: owner.team_id }, "of the team");
    await say(user, "of the person");
    await say({ scope: "project", scope_id: project_id }, "of the project");
    await say({ scope: "session", scope_id: session_id }, "of the session");
    await say({ scope: "project", scope_id: other }, "of another project");
    await say({ scope: "user", scope_id: other }, "of another person");
    await say({ scope: "project", scope_id: project_id }, "of another team", stranger);
    const session = { team_id: owner.team_id, owner_id: owner.user_id, project_id, session_id };
    const loaded = await loadConfiguration(env.DB, session);
    if (loaded === "too_large") throw new Error("too large");
    const text = new TextDecoder().decode(loaded.sandboxJson);
    for (const own of ["of the team", "of the person", "of the project", "of the session"]) expect(text).toContain(own);
    expect(text).not.toContain("another");
    expect(loaded.version).toBe(6);
  });

  it("may have no more files, and no more rules, than a session can keep [configuration.limits]", async () => {
    const session = { team_id: owner.team_id, owner_id: owner.user_id, project_id: newUuid(), session_id: newUuid() };
    for (let number = 0; number < 51; number++) await keepRaw("skill", `skill-${number}`, skillOf(100));
    expect(await loadConfiguration(env.DB, session)).toBe("too_large");
    await env.DB.prepare("DELETE FROM configuration_items WHERE name = 'skill-50'").run();
    expect(await loadConfiguration(env.DB, session)).not.toBe("too_large");
    await env.DB.prepare("DELETE FROM configuration_items WHERE kind = 'skill'").run();
    const allowed_tools = Array.from({ length: 50 }, (_, index) => `Bash(${"x".repeat(480)}${index} *)`);
    for (let number = 0; number < 100; number++) {
      await keepRaw("command", `c${number}`, { ...COMMAND, allowed_tools });
    }
    expect(await loadConfiguration(env.DB, session)).toBe("too_large");
  });

  it("is refused at the change where one scope alone is too much for any session [configuration.limits]", async () => {
    for (let number = 0; number < 50; number++) await keepRaw("skill", `skill-${number}`, skillOf(100));
    const change = (...changes: { kind: "skill" | "memory"; name: string; value: unknown }[]) =>
      service.change(owner, { place: user, changes, summary: "x", client: null });
    const oneMore = change({ kind: "skill", name: "skill-50", value: skillOf(1) });
    await expect(oneMore).rejects.toMatchObject({ code: "configuration_too_large" });
    await expect(oneMore).rejects.toThrow(/5,000 files/);
    expect(
      await change(
        { kind: "skill", name: "skill-50", value: skillOf(1) },
        { kind: "skill", name: "skill-0", value: skillOf(99) },
      ),
    ).toMatchObject({ outcome: "applied" });
    // What is too much already, by an earlier build, may become less step by step.
    for (let number = 51; number < 54; number++) await keepRaw("skill", `skill-${number}`, skillOf(100));
    expect(await change({ kind: "skill", name: "skill-53", value: null })).toMatchObject({ outcome: "applied" });
  });

  it("that comes to more than a session takes is refused [configuration.limits]", async () => {
    const session = { team_id: owner.team_id, owner_id: owner.user_id, project_id: newUuid(), session_id: newUuid() };
    const rows = Array.from({ length: 1_000 }, (_, index) =>
      env.DB.prepare(
        `INSERT INTO configuration_items VALUES (?, 'team', ?, 'environment', ?, ?, 1, 'x', '2026-01-01')`,
      ).bind(owner.team_id, owner.team_id, `V${index}`, JSON.stringify("x".repeat(8192))),
    );
    await env.DB.batch(rows);
    expect(await loadConfiguration(env.DB, session)).not.toBe("too_large");
    await env.DB.batch(
      rows
        .slice(0, 40)
        .map((_, index) =>
          env.DB.prepare(
            `INSERT INTO configuration_items VALUES (?, 'user', ?, 'environment', ?, ?, 1, 'x', '2026-01-01')`,
          ).bind(owner.team_id, owner.user_id, `W${index}`, JSON.stringify("x".repeat(8192))),
        ),
    );
    expect(await loadConfiguration(env.DB, session)).toBe("too_large");
  });
});

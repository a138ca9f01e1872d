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
const service = createConfigurationService({ store: createConfigurationStore({ db, now }), proposals, places });

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

beforeEach(async () => {
  aheadMs = 0;
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

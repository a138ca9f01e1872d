import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { exportKey, manifestKey, packKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { createKeepingService } from "../../src/worker/checkpoints/keeping/keeping-service.ts";
import { createPolicyStore } from "../../src/worker/checkpoints/keeping/policy-store.ts";
import { createRemovalStore } from "../../src/worker/checkpoints/keeping/removal-store.ts";
import { SWEEP_GRACE_MS, sweepCheckpoints } from "../../src/worker/checkpoints/keeping/sweep.ts";
import { createSweepStore } from "../../src/worker/checkpoints/keeping/sweep-store.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import {
  localPrincipal,
  newUuid,
  seedBranch,
  seedCheckpoint,
  type SeededCheckpoint,
  type SeededProject,
  seedProject,
} from "../support/seed-checkpoint.ts";
import { callModern, readRpc, send, signIn } from "./oauth-client.ts";

let token = "";
let principal: Principal;
beforeAll(async () => {
  token = (await signIn()).access_token;
  principal = await localPrincipal();
});

async function call(name: string, args: Record<string, unknown>) {
  const params = { name, arguments: args };
  const { result } = await readRpc(await callModern(token, "tools/call", params, { query: "?toolsets=all" }));
  const text = result?.content?.[0]?.text ?? "";
  return { isError: result?.isError === true, text, value: result?.["structuredContent"] as any };
}

let number = 0;
const projectOf = () => seedProject(principal, `timeline-${number++}`);
const filesOf = (text: string) => [
  { path: "a.txt", content: `the first file ${text} ${newUuid()}` },
  { path: "b.txt", content: "the same in all" },
];
/** `count` checkpoints, each the parent of the next, an hour apart; the last is the head. */
async function line(project: SeededProject, count: number, from = Date.parse("2026-05-01T00:30:00Z")) {
  const made: SeededCheckpoint[] = [];
  for (let index = 0; index < count; index++) {
    const created_at = new Date(from + index * 3_600_000).toISOString();
    made.push(
      await seedCheckpoint(project, {
        files: filesOf(String(index)),
        parent: made.at(-1) ?? null,
        created_at,
        message: `number ${index}`,
      }),
    );
  }
  return made;
}
const ids = (list: { checkpoint_id: string }[]) => list.map(({ checkpoint_id }) => checkpoint_id);
const rowOf = (id: string) => env.DB.prepare("select * from checkpoints where id = ?").bind(id).first();
const refsOf = async (id: string) =>
  (
    await env.DB.prepare("select pack_sha256 as sha from checkpoint_pack_refs where checkpoint_id = ?")
      .bind(id)
      .all<{ sha: string }>()
  ).results.map(({ sha }) => sha);

describe("the timeline", () => {
  it("knows a checkpoint whose row comes a moment after its id was told [checkpoints.timeline]", async () => {
    const project = await projectOf();
    const { checkpoint_id } = await seedCheckpoint(project, { files: filesOf("just now") });
    const row = await rowOf(checkpoint_id);
    await env.DB.prepare("delete from checkpoints where id = ?").bind(checkpoint_id).run();
    const asked = call("get_checkpoint", { checkpoint_id });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const columns = Object.keys(row ?? {});
    const insert = `insert into checkpoints (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`;
    await env.DB.prepare(insert)
      .bind(...Object.values(row ?? {}))
      .run();
    const { value, text } = await asked;
    expect(value?.checkpoint?.checkpoint_id, text).toBe(checkpoint_id);
  });

  it("lists a project's checkpoints newest first, by the page, with parents and sizes [checkpoints.timeline]", async () => {
    const project = await projectOf();
    const made = await line(project, 5);
    const found: any[] = [];
    for (let cursor: string | undefined; ;) {
      const { value, text } = await call("list_checkpoints", { project: project.name, limit: 2, cursor });
      expect(value, text).toBeDefined();
      found.push(...value.checkpoints);
      expect(value.totals.checkpoints).toBe(5);
      expect(value.totals.stored_bytes).toBeGreaterThan(0);
      if (value.next_cursor === null) break;
      cursor = value.next_cursor;
    }
    expect(ids(found)).toEqual(ids(made).toReversed());
    expect(found.map(({ parent_id }) => parent_id)).toEqual([...ids(made).toReversed().slice(1), null]);
    expect(found[0].sizes.logical_bytes).toBe(made[4]!.manifest.tree.bytes);
  });

  it("counts in a project's storage each pack once [checkpoints.timeline]", async () => {
    const project = await projectOf();
    const first = await seedCheckpoint(project, { files: filesOf("x") });
    const before = (await call("list_checkpoints", { project: project.name })).value.totals;
    await seedCheckpoint({ ...project }, { files: [], parent: first });
    const again = await seedCheckpoint(project, {
      files: [{ path: "b.txt", content: "the same in all" }],
      parent: first,
    });
    const own = await env.DB.prepare(
      "select sum(bytes) as n from checkpoint_packs where sha256 in (select value from json_each(?))",
    )
      .bind(JSON.stringify(again.stored))
      .first<{ n: number }>();
    const after = (await call("list_checkpoints", { project: project.name })).value.totals;
    expect(after.stored_bytes).toBe(before.stored_bytes + own!.n);
    expect(after.checkpoints).toBe(3);
  });

  it("tells a checkpoint's place in the tree, and hides autosaves from lists [checkpoints.timeline]", async () => {
    const project = await projectOf();
    const [root, middle, head] = await line(project, 3);
    const fork = await seedBranch(project, "side", middle!.checkpoint_id);
    const autosave = await seedCheckpoint(fork, { files: filesOf("auto"), parent: middle!, kind: "autosave" });
    const { value } = await call("get_checkpoint", { checkpoint_id: middle!.checkpoint_id });
    expect(value).toMatchObject({ parent: root!.checkpoint_id, head_of: [], base_of: ["side"] });
    expect(new Set(value.children)).toEqual(new Set([head!.checkpoint_id, autosave.checkpoint_id]));
    expect((await call("get_checkpoint", { checkpoint_id: head!.checkpoint_id })).value.head_of).toEqual(["main"]);
    expect((await call("list_checkpoints", { project: project.name, branch: "side" })).value.checkpoints).toEqual([]);
    expect((await call("list_checkpoints", { project: project.name, branch: "none" })).text).toContain(
      "branch_not_found",
    );
    const branches = await call("list_branches", { project: project.name });
    expect(branches.value.branches).toMatchObject([
      { branch: "main", head: { checkpoint_id: head!.checkpoint_id }, base_checkpoint_id: null },
      { branch: "side", head: { checkpoint_id: autosave.checkpoint_id }, base_checkpoint_id: middle!.checkpoint_id },
    ]);
  });
});

describe("somebody else's", () => {
  it("checkpoints, branches and exports are not there, exactly like unknown ones [checkpoints.isolation]", async () => {
    const stranger = { user_id: newUuid(), team_id: principal.team_id };
    const foreignTeam = { user_id: principal.user_id, team_id: newUuid() };
    const own = await line(await projectOf(), 2);
    for (const owner of [stranger, foreignTeam]) {
      const project = await seedProject(owner, `foreign-${number++}`);
      const [one, two] = await line(project, 2);
      const calls: [string, (id: string) => Record<string, unknown>][] = [
        ["get_checkpoint", (id) => ({ checkpoint_id: id })],
        ["read_checkpoint_file", (id) => ({ checkpoint_id: id, path: "a.txt" })],
        ["diff_checkpoints", (id) => ({ from: id, to: own[0]!.checkpoint_id })],
        ["diff_checkpoints", (id) => ({ from: own[0]!.checkpoint_id, to: id })],
        ["diff_checkpoints", (id) => ({ from: id })],
        ["verify_checkpoint", (id) => ({ checkpoint_id: id })],
        ["export_checkpoint", (id) => ({ checkpoint_id: id })],
        ["export_checkpoint", (id) => ({ checkpoint_id: id, format: "git_bundle" })],
        ["fork_checkpoint", (id) => ({ checkpoint_id: id })],
        ["fork_checkpoint", (id) => ({ checkpoint_id: id, project: "mine-now" })],
        ["create_branch", (id) => ({ project: "timeline-0", branch: "b", checkpoint_id: id })],
        ["delete_checkpoint", (id) => ({ checkpoint_id: id })],
      ];
      // As old as the others: what was just made is waited for, whoever's it is.
      const unknown = newUuid(Date.parse("2026-05-01"));
      for (const [tool, args] of calls) {
        const foreign = await call(tool, args(one!.checkpoint_id));
        expect(foreign.isError, tool).toBe(true);
        expect(foreign.text, tool).toBe((await call(tool, args(unknown))).text);
        expect(foreign.text, tool).toContain("checkpoint_not_found");
      }
      for (const tool of ["list_checkpoints", "list_branches", "cleanup_checkpoints", "set_checkpoint_policy"]) {
        const args = { project: project.name, ...(tool === "cleanup_checkpoints" && { keep_last: 1, dry_run: false }) };
        expect((await call(tool, args)).text, tool).toContain("project_not_found");
      }
      const get = (id: string) =>
        send(`/mcp/checkpoints/${id}/export`, { headers: { authorization: `Bearer ${token}` } });
      expect(await (await get(one!.checkpoint_id)).text()).toBe(await (await get(unknown)).text());
      expect(await rowOf(two!.checkpoint_id)).not.toBeNull();
    }
  });
});

describe("deleting checkpoints", () => {
  it("leaves the tree a tree, and takes the manifest along [checkpoints.timeline] [checkpoints.cut_off]", async () => {
    const project = await projectOf();
    const [root, middle, head] = await line(project, 3);
    const sibling = await seedCheckpoint(project, { files: filesOf("s"), parent: middle!, is_head: false });
    expect((await call("delete_checkpoint", { checkpoint_id: middle!.checkpoint_id })).value).toMatchObject({
      deleted: true,
    });
    expect(await rowOf(middle!.checkpoint_id)).toBeNull();
    expect(await refsOf(middle!.checkpoint_id)).toEqual([]);
    expect(await env.BUCKET.head(manifestKey(project, middle!.manifest_sha256))).toBeNull();
    for (const child of [head, sibling]) {
      expect(await rowOf(child!.checkpoint_id)).toMatchObject({ parent_id: root!.checkpoint_id });
      expect((await call("verify_checkpoint", { checkpoint_id: child!.checkpoint_id })).value.ok).toBe(true);
    }
    expect((await call("delete_checkpoint", { checkpoint_id: root!.checkpoint_id })).isError).toBe(false);
    expect(await rowOf(head!.checkpoint_id)).toMatchObject({ parent_id: null });
    expect((await call("delete_checkpoint", { checkpoint_id: root!.checkpoint_id })).text).toContain(
      "checkpoint_not_found",
    );
  });

  it("is refused for a head and a base of a live branch, and changes nothing then [checkpoints.timeline]", async () => {
    const project = await projectOf();
    const [base, child, head] = await line(project, 3);
    const side = await seedBranch(project, "side", base!.checkpoint_id);
    for (const { checkpoint_id } of [base!, head!]) {
      expect((await call("delete_checkpoint", { checkpoint_id })).text).toContain("checkpoint_in_use");
      expect(await rowOf(checkpoint_id)).not.toBeNull();
      expect((await refsOf(checkpoint_id)).length).toBeGreaterThan(0);
    }
    expect(await rowOf(child!.checkpoint_id)).toMatchObject({ parent_id: base!.checkpoint_id });
    await env.DB.prepare("update workspaces set deleted_at = 'now' where id = ?").bind(side.workspace_id).run();
    expect((await call("delete_checkpoint", { checkpoint_id: base!.checkpoint_id })).isError).toBe(false);
  });
});

describe("cleaning up", () => {
  it("says what would go and removes nothing; then removes exactly that [checkpoints.retention]", async () => {
    const project = await projectOf();
    const made = await line(project, 6);
    const tagged = await seedCheckpoint(project, {
      files: filesOf("t"),
      tags: ["release"],
      created_at: "2026-04-01T00:00:00.000Z",
      is_head: false,
    });
    const dry = await call("cleanup_checkpoints", { project: project.name, keep_last: 2 });
    expect(dry.value, dry.text).toMatchObject({ going_total: 4, kept: 3, deleted: 0, has_more: false });
    expect(ids(dry.value.going)).toEqual(ids(made).slice(0, 4).toReversed());
    expect(dry.value.freed_bytes).toBeGreaterThan(0);
    expect(await rowOf(made[0]!.checkpoint_id)).not.toBeNull();
    const done = await call("cleanup_checkpoints", { project: project.name, keep_last: 2, dry_run: false });
    expect(done.value).toMatchObject({ deleted: 4, freed_bytes: dry.value.freed_bytes, has_more: false });
    const left = await call("list_checkpoints", { project: project.name });
    expect(new Set(ids(left.value.checkpoints))).toEqual(new Set([...ids(made).slice(4), tagged.checkpoint_id]));
    expect(await rowOf(made[4]!.checkpoint_id)).toMatchObject({ parent_id: null });
    expect((await call("cleanup_checkpoints", { project: project.name })).text).toContain("Nothing says what to keep");
  });

  it("takes each branch for itself, and keeps what a branch began from [checkpoints.retention]", async () => {
    const project = await projectOf();
    const main = await line(project, 3);
    const side = await seedBranch(project, "side", main[0]!.checkpoint_id);
    const other = await line(side, 2);
    const { value } = await call("cleanup_checkpoints", { project: project.name, keep_last: 1, dry_run: false });
    expect(value.deleted).toBe(2);
    const left = await call("list_checkpoints", { project: project.name });
    expect(new Set(ids(left.value.checkpoints))).toEqual(new Set(ids([main[0]!, main[2]!, other[1]!])));
  });
});

const db = createDatabase(env.DB);
type Faults = { head?: boolean; delete?: number; owing?: boolean; unasked?: boolean };
/** The sweep a day and an hour later than now, with storage that fails as it is told. */
async function sweep(faults: Faults = {}, nowMs = Date.now() + SWEEP_GRACE_MS + 3_600_000) {
  const now = () => new Date(nowMs);
  let deletions = 0;
  const failing = {
    head: (key: string) => (faults.head ? Promise.reject(new Error("down")) : env.BUCKET.head(key)),
    list: env.BUCKET.list.bind(env.BUCKET),
    delete: (keys: string | string[]) =>
      deletions++ === faults.delete ? Promise.reject(new Error("down")) : env.BUCKET.delete(keys),
  } as Pick<R2Bucket, "head" | "list" | "delete">;
  const logged: string[] = [];
  const policies = createPolicyStore(db);
  const removals = createRemovalStore({ db, now });
  await sweepCheckpoints({
    store: createSweepStore(db),
    keeping: createKeepingService({ access: null as any, removals, policies, bucket: failing }),
    bucket: failing,
    workspace: () => ({
      async describe() {
        if (faults.unasked) throw new Error("no answer");
        return { head: null, strategy: "per_turn", busy: false, owing: faults.owing ?? false };
      },
    }),
    nowMs: () => nowMs,
    logger: { log() {}, logUnexpected: (event) => (logged.push(event), "") },
  });
  return logged;
}
const isStored = async (project: SeededProject, sha: string) =>
  (await env.BUCKET.head(packKey(project.team_id, sha))) !== null;
const packRow = (sha: string) => env.DB.prepare("select * from checkpoint_packs where sha256 = ?").bind(sha).first();

describe("the sweep", () => {
  async function loose() {
    const project = await projectOf();
    // What the first has and the second does not is a file of several packs.
    const kept = { path: "kept.txt", content: `stays ${newUuid()}` };
    const large = { path: "large.txt", content: Array.from({ length: 500 }, newUuid).join("\n"), blobBytes: 2_000 };
    const first = await seedCheckpoint(project, { files: [kept, large] });
    const second = await seedCheckpoint(project, { files: [kept, ...filesOf("2")], parent: first });
    const still = await refsOf(second.checkpoint_id);
    const gone = first.stored.filter((sha) => !still.includes(sha));
    await call("delete_checkpoint", { checkpoint_id: first.checkpoint_id });
    expect(gone.length).toBeGreaterThan(0);
    return { project, gone, still, head: second };
  }

  it("removes packs that nothing names after a grace period, and no others [checkpoints.sweep]", async () => {
    const { project, gone, still, head } = await loose();
    await sweep({}, Date.now() + SWEEP_GRACE_MS - 60_000);
    expect(await Promise.all(gone.map((sha) => isStored(project, sha)))).toEqual(gone.map(() => true));
    expect(await sweep()).toEqual([]);
    expect(await Promise.all(gone.map((sha) => isStored(project, sha)))).toEqual(gone.map(() => false));
    expect(await Promise.all(gone.map(packRow))).toEqual(gone.map(() => null));
    expect(await Promise.all(still.map((sha) => isStored(project, sha)))).toEqual(still.map(() => true));
    expect((await call("verify_checkpoint", { checkpoint_id: head.checkpoint_id })).value.ok).toBe(true);
  });

  it("leaves everything of a project that owes rows, or that cannot be asked [checkpoints.sweep]", async () => {
    const { project, gone } = await loose();
    await sweep({ owing: true });
    expect(await isStored(project, gone[0]!)).toBe(true);
    expect(await sweep({ unasked: true })).toContain("sweep_question_failed");
    expect(await isStored(project, gone[0]!)).toBe(true);
    await sweep();
    expect(await isStored(project, gone[0]!)).toBe(false);
  });

  it("is finished by the next one, wherever it was cut off [checkpoints.sweep] [checkpoints.cut_off]", async () => {
    const { project, gone } = await loose();
    expect(await sweep({ head: true })).toEqual(["sweep_failed"]);
    expect(await Promise.all(gone.map((sha) => isStored(project, sha)))).toEqual(gone.map(() => true));
    expect(await sweep({ delete: 0 })).toEqual(["sweep_failed"]);
    const condemned = await env.DB.prepare("select * from checkpoint_packs where condemned_at is not null").all();
    expect(condemned.results.length).toBeGreaterThan(0);
    await sweep();
    expect(await Promise.all(gone.map((sha) => isStored(project, sha)))).toEqual(gone.map(() => false));
    expect(await Promise.all(gone.map(packRow))).toEqual(gone.map(() => null));
  });

  it("lets a pack be that is named again before it went [checkpoints.sweep]", async () => {
    const { project, gone, head } = await loose();
    await env.DB.prepare("update checkpoint_packs set condemned_at = 'now' where sha256 = ?").bind(gone[0]!).run();
    await env.DB.prepare("insert into checkpoint_pack_refs (checkpoint_id, team_id, pack_sha256) values (?, ?, ?)")
      .bind(head.checkpoint_id, project.team_id, gone[0]!)
      .run();
    await sweep();
    expect(await isStored(project, gone[0]!)).toBe(true);
    expect(await packRow(gone[0]!)).toMatchObject({ condemned_at: null });
  });

  it("removes manifests without a row, old exports, and nothing younger [checkpoints.sweep]", async () => {
    const project = await projectOf();
    const { manifest_sha256 } = await seedCheckpoint(project, { files: filesOf("x") });
    const orphan = manifestKey(project, "f".repeat(64));
    const exported = exportKey(project.team_id, project.project_id, newUuid());
    await env.BUCKET.put(orphan, "left behind");
    await env.BUCKET.put(exported, "a bundle");
    await sweep({}, Date.now());
    expect([await env.BUCKET.head(orphan), await env.BUCKET.head(exported)]).not.toContain(null);
    await sweep({ owing: true });
    expect(await env.BUCKET.head(orphan)).not.toBeNull();
    // Each run takes the projects of its hour: a day of runs has seen them all.
    for (let hour = 0; hour < 5; hour++) await sweep({}, Date.now() + SWEEP_GRACE_MS + (hour + 1) * 3_600_000);
    expect([await env.BUCKET.head(orphan), await env.BUCKET.head(exported)]).toEqual([null, null]);
    expect(await env.BUCKET.head(manifestKey(project, manifest_sha256))).not.toBeNull();
  });

  it("finishes the deletion of a project that was cut off before its checkpoints went [checkpoints.sweep] [checkpoints.cut_off]", async () => {
    const project = await projectOf();
    const [one] = await line(project, 1);
    await env.DB.prepare("update projects set deleted_at = 'now' where id = ?").bind(project.project_id).run();
    for (let hour = 0; hour < 5; hour++) await sweep({}, Date.now() + hour * 3_600_000);
    expect([await rowOf(one!.checkpoint_id), await refsOf(one!.checkpoint_id)]).toEqual([null, []]);
    expect(await env.BUCKET.head(manifestKey(project, one!.manifest_sha256))).toBeNull();
    expect(await isStored(project, one!.stored[0]!)).toBe(true);
  });

  it("applies the saved policy of a project [checkpoints.retention]", async () => {
    const project = await projectOf();
    const made = await line(project, 4);
    const set = await call("set_checkpoint_policy", { project: project.name, retention: { keep_last: 1 } });
    expect(set.value, set.text).toEqual({ project: project.name, strategy: "per_turn", retention: { keep_last: 1 } });
    await sweep();
    const left = await call("list_checkpoints", { project: project.name });
    expect(ids(left.value.checkpoints)).toEqual([made[3]!.checkpoint_id]);
    const cleared = await call("set_checkpoint_policy", { project: project.name, retention: null });
    expect(cleared.value.retention).toBeNull();
  });
});

import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CheckpointRecord, CheckpointTarget, StartOperation } from "../../src/shared/checkpoints/schema.ts";
import { answer, failure } from "../../src/shared/errors/app-error.ts";
import type { WorkspaceApi, WorkspaceIdentity, WorkspaceState } from "../../src/shared/rpc/workspace-api.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { createBranchService } from "../../src/worker/branches/branch-service.ts";
import { createBranchStore } from "../../src/worker/branches/branch-store.ts";
import { composeCheckpoints } from "../../src/worker/checkpoints/compose-checkpoints.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { createProjectService } from "../../src/worker/projects/project-service.ts";
import { createSessionService } from "../../src/worker/sessions/session-service.ts";
import { createSessionStore } from "../../src/worker/sessions/session-store.ts";
import { turnOptionsSchema } from "../../src/shared/sessions/schema.ts";
import type { SessionApi, SubmitTurn } from "../../src/shared/rpc/session-api.ts";
import { createProjectStore } from "../../src/worker/projects/project-store.ts";
import { newUuid, seedCheckpoint, type SeededProject, seedProject } from "../support/seed-checkpoint.ts";

const now = () => new Date();
const db = createDatabase(env.DB);
const principal: Principal = { user_id: newUuid(), team_id: newUuid(), role: "owner" };

/** What a Workspace object is asked, and what it is told to say. */
const asked = {
  begun: [] as { identity: WorkspaceIdentity; base: CheckpointTarget | null }[],
  destroyed: [] as string[],
  started: [] as { workspace: string; start: StartOperation }[],
  strategies: [] as string[],
};
const state = { head: null as CheckpointRecord | null, busy: false, endsAfter: 0, fails: false };
beforeEach(() => {
  Object.assign(asked, { begun: [], destroyed: [], started: [], strategies: [] });
  Object.assign(state, { head: null, busy: false, endsAfter: 0, fails: false });
});

function workspace(id: string): WorkspaceApi {
  let waits = 0;
  const view = (operation_id: string) => ({
    operation_id,
    kind: "create" as const,
    status: state.fails
      ? ("failed" as const)
      : waits >= state.endsAfter
        ? ("succeeded" as const)
        : ("running" as const),
    progress: { phase: "scanning" as const, files: waits, files_total: 9, bytes: 10, bytes_total: null },
    result:
      waits >= state.endsAfter && state.head !== null
        ? { kind: "create" as const, checkpoint: state.head, unchanged: true }
        : null,
    error: state.fails ? { code: "disk_full" as const, message: "The disk is full." } : null,
  });
  const described = (): WorkspaceState => ({ head: state.head, strategy: "per_turn", busy: state.busy, owing: false });
  return {
    async begin(identity: WorkspaceIdentity, base: CheckpointTarget | null) {
      asked.begun.push({ identity, base });
      return answer(described());
    },
    async destroy() {
      asked.destroyed.push(id);
      return state.busy ? failure("project_busy", "A turn runs.") : answer(null);
    },
    describe: async () => described(),
    async startOperation(_identity: WorkspaceIdentity, start: StartOperation) {
      asked.started.push({ workspace: id, start });
      return answer(view(start.operation_id));
    },
    async waitForOperation(operationId: string) {
      waits += 1;
      return answer(view(operationId));
    },
    setStrategy: async () => void asked.strategies.push(id),
  } as unknown as WorkspaceApi;
}

const projectStore = createProjectStore({ db, newId: newUuid, now });
const projects = createProjectService({
  store: projectStore,
  directory: { workspace },
  endSessions: async () => {},
  forgetCheckpoints: (name) => checkpoints.keeping.forgetProject(name),
  forgetConfiguration: async () => {},
  allowInsecureGit: false,
  cloneWaitMs: 10,
  waitUntil: () => {},
});
const branchStore = createBranchStore({ db, now });
const forked: unknown[] = [];
const checkpoints = composeCheckpoints({
  db,
  bucket: env.BUCKET,
  publicUrl: "http://edge",
  workspace,
  findProject: projects.find,
  openBranch: async (who, request) => (await branches.create(who, { ...request, from_branch: null })).place,
  insertProject: projectStore.insert,
  keepPacksOf: branchStore.keepPacksOf,
  forkSession: async (_who, source, into) => (forked.push({ source, into }), { at_event: source.at_event }),
  newId: newUuid,
  now,
  subtle: crypto.subtle,
});
const branches = createBranchService({
  store: branchStore,
  workspace,
  findProject: projects.find,
  findCheckpoint: checkpoints.access.find,
  newId: newUuid,
  subtle: crypto.subtle,
});

let project: SeededProject;
let number = 0;
beforeAll(async () => void (project = await seedProject(principal, "branching")));
const seed = () => seedCheckpoint(project, { files: [{ path: "a", content: newUuid() }] });
const wish = (more: object) => ({
  project: null,
  branch: null,
  checkpoint_id: null,
  from_branch: null,
  idempotency_key: null,
  ...more,
});
const workspaceRow = (id: string) => env.DB.prepare("select * from workspaces where id = ?").bind(id).first();
const waiting = (told: string[] = []) => ({
  reportProgress: async (_progress: number, message: string) => void told.push(message),
  signal: new AbortController().signal,
});

describe("a branch", () => {
  it("begins from a checkpoint: the object first, then its row, and its packs get another day [checkpoints.branches] [checkpoints.fork]", async () => {
    const base = await seed();
    await env.DB.prepare("update checkpoint_packs set stored_at = '2020' where team_id = ?")
      .bind(principal.team_id)
      .run();
    const { place, base_checkpoint_id } = await branches.create(
      principal,
      wish({ branch: "one", checkpoint_id: base.checkpoint_id }),
    );
    expect(place).toMatchObject({ project_id: project.project_id, name: "branching", branch: "one", git_url: null });
    const { checkpoint_id, project_id, manifest_sha256 } = base;
    expect(asked.begun).toEqual([
      {
        identity: expect.objectContaining({ workspace_id: place.workspace_id, git_url: null }),
        base: { checkpoint_id, project_id, manifest_sha256 },
      },
    ]);
    expect(await workspaceRow(place.workspace_id)).toMatchObject({
      branch: "one",
      base_checkpoint_id,
      team_id: principal.team_id,
    });
    expect(base_checkpoint_id).toBe(base.checkpoint_id);
    const pack = await env.DB.prepare("select * from checkpoint_packs where sha256 = ?")
      .bind(base.stored[0]!)
      .first<any>();
    expect(pack.stored_at > "2025").toBe(true);
    expect(await projects.find(principal, "branching", "one")).toMatchObject({ workspace_id: place.workspace_id });
  });

  it("stands at its first checkpoint, whether its object told D1 before its row was there or tells it later [checkpoints.branches]", async () => {
    const base = await seed();
    const place = { ...project, workspace_id: newUuid() };
    const told = await seedCheckpoint(place, { files: [], parent: base, kind: "fork" });
    const untold = newUuid();
    for (const [branch, head, shown] of [
      ["told", told.checkpoint_id, told.checkpoint_id],
      ["untold", untold, null],
    ] as const) {
      state.head = { checkpoint_id: head } as CheckpointRecord;
      const made = await branches.create(principal, wish({ branch, checkpoint_id: base.checkpoint_id }));
      // Named too early it would keep the object's own row out.
      expect(await workspaceRow(made.place.workspace_id)).toMatchObject({ head_checkpoint_id: shown });
      const project = `stands-${branch}`;
      const fork = { checkpoint_id: base.checkpoint_id, branch: null, project, session: false, idempotency_key: null };
      const forked = await checkpoints.forking.fork(principal, fork);
      expect(await workspaceRow(forked.place.workspace_id)).toMatchObject({ head_checkpoint_id: shown });
    }
  });

  it("begins from where another one stands, and not from one that has no checkpoint [checkpoints.branches]", async () => {
    const base = await seed();
    await expect(branches.create(principal, wish({ project: "branching", branch: "two" }))).rejects.toMatchObject({
      code: "checkpoint_not_found",
    });
    state.head = { checkpoint_id: base.checkpoint_id, manifest_sha256: base.manifest_sha256 } as CheckpointRecord;
    const made = await branches.create(principal, wish({ project: "branching", branch: "two" }));
    expect(made.base_checkpoint_id).toBe(base.checkpoint_id);
    const missing = branches.create(principal, wish({ project: "branching", branch: "x", from_branch: "none" }));
    await expect(missing).rejects.toMatchObject({ code: "branch_not_found" });
  });

  it("is made once for one key, also by calls at the same time, under a name that is made up [checkpoints.branches]", async () => {
    const { checkpoint_id } = await seed();
    const request = wish({ checkpoint_id, idempotency_key: "again" });
    const made = await Promise.all([1, 2, 3].map(() => branches.create(principal, request)));
    expect(new Set(made.map(({ place }) => place.workspace_id)).size).toBe(1);
    expect(made[0]!.place.branch).toMatch(/^from-[0-9a-f]{6}-[0-9a-f]{6}$/);
    expect(asked.destroyed).toEqual([]);
    expect((await branches.create(principal, request)).place).toEqual(made[0]!.place);
    const other = branches.create(principal, { ...request, branch: "another" });
    await expect(other).rejects.toMatchObject({ code: "idempotency_conflict" });
  });

  it("has a name of its own until it is deleted; main stays [checkpoints.branches]", async () => {
    const { checkpoint_id } = await seed();
    const request = wish({ branch: "taken", checkpoint_id });
    const { place } = await branches.create(principal, request);
    const begun = asked.begun.length;
    await expect(branches.create(principal, request)).rejects.toMatchObject({ code: "branch_name_taken" });
    await expect(branches.create(principal, { ...request, branch: "main" })).rejects.toMatchObject({
      code: "branch_name_taken",
    });
    expect(asked.begun.length).toBe(begun);
    state.busy = true;
    await expect(branches.delete(principal, "branching", "taken")).rejects.toMatchObject({ code: "project_busy" });
    expect(await workspaceRow(place.workspace_id)).toMatchObject({ deleted_at: null });
    state.busy = false;
    await branches.delete(principal, "branching", "taken");
    await expect(branches.delete(principal, "branching", "taken")).rejects.toMatchObject({ code: "branch_not_found" });
    await expect(branches.delete(principal, "branching", "main")).rejects.toMatchObject({ code: "invalid_argument" });
    expect((await branches.create(principal, request)).place.workspace_id).not.toBe(place.workspace_id);
  });

  it("is nobody else's [checkpoints.isolation]", async () => {
    const stranger = { ...principal, user_id: newUuid() };
    const { checkpoint_id } = await seed();
    await expect(branches.create(stranger, wish({ branch: "b", checkpoint_id }))).rejects.toMatchObject({
      code: "checkpoint_not_found",
    });
    await expect(branches.list(stranger, "branching", { after: null, limit: 9 })).rejects.toMatchObject({
      code: "project_not_found",
    });
    await expect(branches.delete(stranger, "branching", "one")).rejects.toMatchObject({ code: "project_not_found" });
    expect(asked.begun).toEqual([]);
  });

  it("goes with its project, and so do the checkpoints: nothing of them is left to find [checkpoints.branches] [checkpoints.isolation]", async () => {
    const doomed = await seedProject(principal, "doomed");
    const { checkpoint_id, stored } = await seedCheckpoint(doomed, { files: [{ path: "a", content: "x" }] });
    const { place } = await branches.create(principal, wish({ branch: "side", checkpoint_id }));
    state.busy = true;
    await expect(projects.delete(principal, "doomed")).rejects.toMatchObject({ code: "project_busy" });
    expect(asked.destroyed).toEqual([]);
    state.busy = false;
    await projects.delete(principal, "doomed");
    expect(new Set(asked.destroyed)).toEqual(new Set([doomed.workspace_id, place.workspace_id]));
    await expect(checkpoints.access.find(principal, checkpoint_id)).rejects.toMatchObject({
      code: "checkpoint_not_found",
    });
    const prefix = `teams/${doomed.team_id}/projects/${doomed.project_id}/`;
    expect((await env.BUCKET.list({ prefix })).objects).toEqual([]);
    const count = async (table: string, column: string, value: string) =>
      (await env.DB.prepare(`select count(*) as n from ${table} where ${column} = ?`).bind(value).first<any>()).n;
    expect(await count("checkpoints", "project_id", doomed.project_id)).toBe(0);
    expect(await count("checkpoint_pack_refs", "checkpoint_id", checkpoint_id)).toBe(0);
    // The packs go by the sweep, should nobody else name them.
    expect(await count("checkpoint_packs", "sha256", stored[0]!)).toBe(1);
    expect((await workspaceRow(place.workspace_id))?.["deleted_at"]).not.toBeNull();
  });
});

describe("a fork", () => {
  it("is a project of its own, once for one key, and its name must be free [checkpoints.fork]", async () => {
    const base = await seed();
    const name = `forked-${number++}`;
    const request = {
      checkpoint_id: base.checkpoint_id,
      branch: null,
      project: name,
      session: false,
      idempotency_key: "fork",
    };
    const made = await Promise.all([1, 2].map(() => checkpoints.forking.fork(principal, request)));
    expect(new Set(made.map(({ place }) => place.project_id)).size).toBe(1);
    expect(asked.destroyed).toEqual([]);
    const found = await projects.find(principal, name);
    expect(found).toMatchObject({ project_id: made[0]!.place.project_id, branch: "main" });
    expect(await workspaceRow(found.workspace_id)).toMatchObject({ base_checkpoint_id: base.checkpoint_id });
    expect(asked.begun[0]?.base?.project_id).toBe(project.project_id);
    const another = checkpoints.forking.fork(principal, { ...request, idempotency_key: null });
    await expect(another).rejects.toMatchObject({ code: "project_name_taken" });
    const both = checkpoints.forking.fork(principal, { ...request, branch: "b" });
    await expect(both).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("continues the conversation from the checkpoint's mark, in its own branch, and makes nothing without one [checkpoints.fork] [checkpoints.conversation]", async () => {
    const session_id = newUuid();
    const mark = { session_id, turn_id: newUuid(), event_seq: 42, transcript_version: 3 };
    const base = await seedCheckpoint(project, {
      files: [{ path: "a", content: newUuid() }],
      conversations: [mark],
      session_id,
    });
    const request = {
      checkpoint_id: base.checkpoint_id,
      branch: "goes-on",
      project: null,
      session: true,
      idempotency_key: "s",
    };
    const made = await checkpoints.forking.fork(principal, request);
    expect(made.session).toMatchObject({ source_session_id: session_id, at_event: 42 });
    expect(forked.at(-1)).toEqual({
      source: { session_id, at_event: 42 },
      into: { project: made.place, session_id: made.session?.session_id },
    });
    expect(await checkpoints.forking.fork(principal, request)).toMatchObject({
      session: made.session,
      place: made.place,
    });
    const unknown = checkpoints.forking.fork(principal, {
      ...request,
      branch: "no",
      session: newUuid(),
      idempotency_key: null,
    });
    await expect(unknown).rejects.toMatchObject({ code: "session_not_found" });
    await expect(projects.find(principal, "branching", "no")).rejects.toMatchObject({ code: "branch_not_found" });
  });
});

describe("long operations", () => {
  const create = (more: object, told: string[] = []) =>
    checkpoints.timeline.create(
      principal,
      {
        project: "branching",
        branch: null,
        message: "m",
        tags: [],
        operation_id: null,
        idempotency_key: null,
        ...more,
      },
      waiting(told),
    );

  it("are waited for with their files and bytes, and are the same for the same key [checkpoints.progress]", async () => {
    const base = await seed();
    state.head = { checkpoint_id: base.checkpoint_id } as CheckpointRecord;
    state.endsAfter = 3;
    const told: string[] = [];
    const { view } = await create({ idempotency_key: "k" }, told);
    expect(view).toMatchObject({ status: "succeeded", result: { kind: "create" } });
    expect(told).toEqual([0, 1, 2].map((files) => `scanning: ${files} of 9 files, 10 bytes`));
    await create({ idempotency_key: "k" });
    await create({ idempotency_key: "other" });
    const operations = asked.started.map(({ start }) => start.operation_id);
    expect(operations[0]).toBe(operations[1]);
    expect(operations[2]).not.toBe(operations[0]);
    expect(asked.started[0]).toMatchObject({
      workspace: project.workspace_id,
      start: { if_busy: "queue", request: { author_id: principal.user_id } },
    });
  });

  it("are found again by their id, and what failed is told in the words that we wrote [checkpoints.progress]", async () => {
    const { view } = await create({ operation_id: newUuid() });
    expect([view.status, asked.started]).toEqual(["succeeded", []]);
    state.fails = true;
    await expect(create({})).rejects.toMatchObject({ code: "disk_full", message: "The disk is full." });
  });

  it("of a restore name a checkpoint of the person's own, and no other [checkpoints.restore] [checkpoints.isolation]", async () => {
    const base = await seed();
    const restore = (checkpoint_id: string) =>
      checkpoints.timeline.restore(
        principal,
        {
          project: "branching",
          branch: null,
          checkpoint_id,
          paths: ["a"],
          dry_run: true,
          create_backup: true,
          include_conversation: false,
          if_busy: "refuse",
          operation_id: null,
          idempotency_key: null,
        },
        waiting(),
      );
    await restore(base.checkpoint_id);
    const { checkpoint_id, project_id, manifest_sha256 } = base;
    expect(asked.started[0]?.start).toMatchObject({
      if_busy: "refuse",
      request: {
        kind: "restore",
        checkpoint: { checkpoint_id, project_id, manifest_sha256 },
        paths: ["a"],
        dry_run: true,
      },
    });
    await expect(restore(newUuid())).rejects.toMatchObject({ code: "checkpoint_not_found" });
  });

  it("of a bundle take the whole line up to the checkpoint, the first one first [checkpoints.export]", async () => {
    const one = await seed();
    const two = await seedCheckpoint(project, { files: [], parent: one, message: "second" });
    const three = await seedCheckpoint(project, { files: [], parent: two });
    const bundle = { checkpoint_id: three.checkpoint_id, operation_id: null, idempotency_key: null };
    await checkpoints.exporting.makeBundle(principal, bundle, waiting());
    const { start } = asked.started[0]!;
    expect(start.request).toMatchObject({
      kind: "bundle",
      export_id: start.operation_id,
      branch: "main",
      checkpoints: [one, two, three].map(({ checkpoint_id }) => expect.objectContaining({ checkpoint_id })),
    });
  });
});

describe("comparing with the workspace", () => {
  const compare = async (from: string) =>
    checkpoints.comparing.compare(
      principal,
      { from, to: null, branch: null, paths: null, with_diffs: false, offset: 0, limit: 10 },
      waiting(),
    );

  it("keeps its state as a checkpoint for it, or says that it is busy [checkpoints.diff]", async () => {
    const base = await seed();
    const head = await seedCheckpoint(project, { files: [{ path: "b", content: "new" }], parent: base });
    state.head = { checkpoint_id: head.checkpoint_id, manifest_sha256: head.manifest_sha256 } as CheckpointRecord;
    expect(await compare(base.checkpoint_id)).toMatchObject({
      to: head.checkpoint_id,
      is_current: true,
      changes: { count: { added: 1, removed: 1 } },
    });
    expect(asked.started).toHaveLength(1);
    state.busy = true;
    const busy = await compare(base.checkpoint_id);
    expect(busy).toMatchObject({
      to: head.checkpoint_id,
      is_current: false,
      reason: expect.stringContaining("under way"),
    });
    expect(asked.started).toHaveLength(1);
  });
});

describe("execute_claude", () => {
  const submitted: SubmitTurn[] = [];
  async function submit(turn: SubmitTurn) {
    submitted.push(turn);
    const told = { turn_id: "t", status: "idle", cursor: 0, permission_mode: "acceptEdits", steered: false };
    return answer({ session_id: turn.session_id, ...told });
  }
  const sessions = createSessionService({
    directory: { session: () => ({ submit }) as unknown as SessionApi },
    store: createSessionStore({ db, now }),
    findProject: projects.find,
    resolveProject: projects.resolve,
    openBranch: async (who, request) => (await branches.create(who, { ...request, from_branch: null })).place,
    requireModelKey: () => {},
    requireModel: () => {},
    resolveAttachments: async () => [],
    ceiling: "acceptEdits",
    newId: newUuid,
    nowMs: Date.now,
    subtle: crypto.subtle,
  });
  const execute = (more: Partial<Parameters<typeof sessions.execute>[1]>) =>
    sessions.execute(
      principal,
      {
        project: "branching",
        branch: null,
        checkpoint_id: null,
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        prompt: "go",
        session_id: null,
        continue_session: false,
        session_key: null,
        if_busy: "queue",
        attachments: [],
        options: turnOptionsSchema.parse({}),
        wait_seconds: 0,
        idempotency_key: null,
        ...more,
      },
      waiting(),
    );

  it("works in the branch that it is given, and begins one from a checkpoint: once for one key [checkpoints.branches] [checkpoints.fork]", async () => {
    const { checkpoint_id } = await seed();
    const { place } = await branches.create(principal, wish({ branch: "work", checkpoint_id }));
    await execute({ branch: "work" });
    expect(submitted.at(-1)?.project).toMatchObject({
      workspace_id: place.workspace_id,
      branch: "work",
      git_url: null,
    });
    await execute({});
    expect(submitted.at(-1)?.project).toMatchObject({ workspace_id: project.workspace_id, branch: "main" });
    for (const key of ["once", "once", null]) {
      await execute({ project: null, checkpoint_id, idempotency_key: key });
    }
    const [one, two, three] = submitted.slice(-3);
    expect(one?.project?.workspace_id).toBe(two?.project?.workspace_id);
    expect(one?.session_id).toBe(two?.session_id);
    expect(three?.project?.workspace_id).not.toBe(two?.project?.workspace_id);
    expect(asked.begun.length).toBe(3);
  });

  it("refuses a branch that is not there, and one beside a session that has its own [checkpoints.branches]", async () => {
    const { checkpoint_id } = await seed();
    await expect(execute({ branch: "nowhere" })).rejects.toMatchObject({ code: "branch_not_found" });
    await expect(execute({ project: "nowhere" })).rejects.toMatchObject({ code: "project_not_found" });
    const session_id = newUuid();
    await expect(execute({ session_id, branch: "main" })).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(execute({ session_id, checkpoint_id })).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(execute({ checkpoint_id: newUuid() })).rejects.toMatchObject({ code: "checkpoint_not_found" });
    expect(asked.begun).toEqual([]);
  });

  it("continues the newest session of that branch, not one of another [checkpoints.branches]", async () => {
    const { checkpoint_id } = await seed();
    const { place } = await branches.create(principal, wish({ branch: "newest", checkpoint_id }));
    const insert = `insert into sessions (id, team_id, owner_id, project_id, workspace_id, title, status, turns, cursor,
      cost_usd, created_at, updated_at, version) values (?, ?, ?, ?, ?, 't', 'idle', 1, 1, 0, ?, ?, 1)`;
    const [ofMain, ofBranch] = [newUuid(), newUuid()];
    const { team_id, user_id } = principal;
    for (const [id, workspaceId, at] of [
      [ofMain, project.workspace_id, "2026-01-02T00:00:00Z"],
      [ofBranch, place.workspace_id, "2026-01-01T00:00:00Z"],
    ]) {
      await env.DB.prepare(insert).bind(id, team_id, user_id, project.project_id, workspaceId, at, at).run();
    }
    await execute({ branch: "newest", continue_session: true });
    expect(submitted.at(-1)).toMatchObject({ session_id: ofBranch, must_exist: true });
    await execute({ continue_session: true });
    expect(submitted.at(-1)).toMatchObject({ session_id: ofMain });
  });
});

describe("a project's policy", () => {
  it("is told to every branch [checkpoints.strategies]", async () => {
    const own = await seedProject(principal, "strategic");
    const { checkpoint_id } = await seedCheckpoint(own, { files: [] });
    const { place } = await branches.create(principal, wish({ branch: "b", checkpoint_id }));
    const policy = { strategy: "smart" as const, retention: undefined };
    expect(await checkpoints.timeline.setPolicy(principal, "strategic", policy)).toMatchObject({ strategy: "smart" });
    expect(new Set(asked.strategies)).toEqual(new Set([own.workspace_id, place.workspace_id]));
    expect((await projects.find(principal, "strategic")).checkpoint_strategy).toBe("smart");
  });
});

// The timeline in D1, which the Workspace objects fill through their outbox; read here, always for one person.
import { and, count, desc, eq, isNull, lt, ne, or, sql, sum } from "drizzle-orm";
import { z } from "zod";
import { type CheckpointRecord, checkpointKindSchema } from "../../shared/checkpoints/schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import { checkpointPackRefs, checkpointPacks, checkpoints, projects, workspaces } from "../db/schema.ts";

export type CheckpointRow = CheckpointRecord & {
  project_id: string;
  project: string;
  workspace_id: string;
  branch: string;
  tags: string[];
};
export type ListPosition = { created_at: string; checkpoint_id: string };
export type CheckpointFilter = {
  project_id: string;
  workspace_id: string | null;
  session_id: string | null;
  after: ListPosition | null;
  limit: number;
};
export type StorageFigures = { checkpoints: number; logical_bytes: number; stored_bytes: number };
/** What get_checkpoint tells of a checkpoint's place in the tree. */
export type Neighbours = { parent: string | null; children: string[]; head_of: string[]; base_of: string[] };

export type CheckpointStore = {
  find(principal: Principal, checkpointId: string): Promise<CheckpointRow | null>;
  /** The newest of a workspace, autosaves included. */
  findHead(principal: Principal, workspaceId: string): Promise<CheckpointRow | null>;
  /** Newest first; without autosaves, which come and go. */
  list(principal: Principal, filter: CheckpointFilter): Promise<CheckpointRow[]>;
  neighbours(principal: Principal, row: CheckpointRow): Promise<Neighbours>;
  /** All checkpoints of the project, and what their packs take: each once. */
  figures(projectId: string): Promise<StorageFigures>;
  /** From the root, or as far back as the limit goes, to the checkpoint itself. */
  lineage(row: CheckpointRow, limit: number): Promise<CheckpointRow[]>;
};

const MAX_NEIGHBOURS = 50;
const tagsSchema = z.array(z.string());

export function createCheckpointStore(db: Database): CheckpointStore {
  const select = () =>
    db
      .select({ checkpoint: checkpoints, project: projects.name, branch: workspaces.branch })
      .from(checkpoints)
      .innerJoin(projects, eq(projects.id, checkpoints.projectId))
      .innerJoin(workspaces, eq(workspaces.id, checkpoints.workspaceId));
  return {
    async find(principal, checkpointId) {
      const row = await select()
        .where(and(isOwn(principal), eq(checkpoints.id, checkpointId)))
        .get();
      return row === undefined ? null : toRow(row);
    },
    async findHead(principal, workspaceId) {
      const row = await select()
        .where(and(isOwn(principal), eq(workspaces.id, workspaceId), eq(checkpoints.id, workspaces.headCheckpointId)))
        .get();
      return row === undefined ? null : toRow(row);
    },
    async list(principal, filter) {
      const rows = await select()
        .where(and(isOwn(principal), ...narrow(filter)))
        .orderBy(desc(checkpoints.createdAt), desc(checkpoints.id))
        .limit(filter.limit);
      return rows.map(toRow);
    },
    neighbours: (principal, row) => findNeighbours(db, principal, row),
    figures: (projectId) => addUp(db, projectId),
    async lineage(row, limit) {
      // The whole line in one statement; the project bounds it, so that no row can lead elsewhere.
      const line = sql`(with recursive line(id, parent, depth) as (
        select id, parent_id, 0 from checkpoints where id = ${row.checkpoint_id} and project_id = ${row.project_id}
        union all
        select c.id, c.parent_id, line.depth + 1 from checkpoints c join line on c.id = line.parent
        where c.project_id = ${row.project_id} and line.depth + 1 < ${limit}
      ) select id from line)`;
      const rows = await select()
        .where(sql`${checkpoints.id} in ${line}`)
        .limit(limit);
      return inLine(rows.map(toRow), row.checkpoint_id);
    },
  };
}

function isOwn(principal: Principal) {
  return and(
    eq(checkpoints.teamId, principal.team_id),
    eq(projects.teamId, principal.team_id),
    eq(projects.ownerId, principal.user_id),
    isNull(projects.deletedAt),
  );
}

function narrow({ project_id, workspace_id, session_id, after }: CheckpointFilter) {
  return [
    eq(checkpoints.projectId, project_id),
    ne(checkpoints.kind, "autosave"),
    workspace_id === null ? undefined : eq(checkpoints.workspaceId, workspace_id),
    session_id === null ? undefined : eq(checkpoints.sessionId, session_id),
    after === null
      ? undefined
      : or(
          lt(checkpoints.createdAt, after.created_at),
          and(eq(checkpoints.createdAt, after.created_at), lt(checkpoints.id, after.checkpoint_id)),
        ),
  ];
}

async function findNeighbours(db: Database, { team_id }: Principal, row: CheckpointRow): Promise<Neighbours> {
  const id = row.checkpoint_id;
  const live = and(eq(workspaces.projectId, projects.id), isNull(workspaces.deletedAt));
  const inProject = and(eq(projects.id, row.project_id), eq(projects.teamId, team_id), live);
  const branches = () => db.select({ branch: workspaces.branch }).from(workspaces).innerJoin(projects, inProject);
  const [parents, children, heads, bases] = await db.batch([
    db
      .select({ id: checkpoints.id })
      .from(checkpoints)
      .where(and(eq(checkpoints.id, row.parent_id ?? ""), eq(checkpoints.teamId, team_id))),
    db
      .select({ id: checkpoints.id })
      .from(checkpoints)
      .where(
        and(eq(checkpoints.parentId, id), eq(checkpoints.teamId, team_id), eq(checkpoints.projectId, row.project_id)),
      )
      .limit(MAX_NEIGHBOURS),
    branches().where(eq(workspaces.headCheckpointId, id)).limit(MAX_NEIGHBOURS),
    branches().where(eq(workspaces.baseCheckpointId, id)).limit(MAX_NEIGHBOURS),
  ]);
  return {
    parent: parents[0]?.id ?? null,
    children: children.map((child) => child.id),
    head_of: heads.map(({ branch }) => branch),
    base_of: bases.map(({ branch }) => branch),
  };
}

async function addUp(db: Database, projectId: string): Promise<StorageFigures> {
  const named = db
    .selectDistinct({ team: checkpointPackRefs.teamId, sha256: checkpointPackRefs.packSha256 })
    .from(checkpointPackRefs)
    .innerJoin(checkpoints, eq(checkpoints.id, checkpointPackRefs.checkpointId))
    .where(eq(checkpoints.projectId, projectId))
    .as("named");
  const [logical, stored] = await db.batch([
    db
      .select({ checkpoints: count(), bytes: sum(checkpoints.bytes) })
      .from(checkpoints)
      .where(eq(checkpoints.projectId, projectId)),
    db
      .select({ bytes: sum(checkpointPacks.bytes) })
      .from(checkpointPacks)
      .innerJoin(named, and(eq(named.team, checkpointPacks.teamId), eq(named.sha256, checkpointPacks.sha256))),
  ]);
  return {
    checkpoints: logical[0]?.checkpoints ?? 0,
    logical_bytes: Number(logical[0]?.bytes ?? 0),
    stored_bytes: Number(stored[0]?.bytes ?? 0),
  };
}

function inLine(rows: readonly CheckpointRow[], lastId: string): CheckpointRow[] {
  const byId = new Map(rows.map((row) => [row.checkpoint_id, row]));
  const line: CheckpointRow[] = [];
  for (let at = byId.get(lastId); at !== undefined; at = byId.get(at.parent_id ?? "")) {
    line.unshift(at);
    byId.delete(at.checkpoint_id);
  }
  return line;
}

type JoinedRow = { checkpoint: typeof checkpoints.$inferSelect; project: string; branch: string };

function toRow({ checkpoint, project, branch }: JoinedRow): CheckpointRow {
  return {
    checkpoint_id: checkpoint.id,
    project_id: checkpoint.projectId,
    project,
    workspace_id: checkpoint.workspaceId,
    branch,
    parent_id: checkpoint.parentId,
    kind: checkpointKindSchema.parse(checkpoint.kind),
    manifest_sha256: checkpoint.manifestSha256,
    message: checkpoint.message,
    tags: tagsSchema.parse(JSON.parse(checkpoint.tags)),
    author_id: checkpoint.authorId,
    session_id: checkpoint.sessionId,
    turn_id: checkpoint.turnId,
    event_seq: checkpoint.eventSeq,
    model: checkpoint.model,
    input_tokens: checkpoint.inputTokens,
    output_tokens: checkpoint.outputTokens,
    files: checkpoint.files,
    bytes: checkpoint.bytes,
    stored_bytes: checkpoint.storedBytes,
    changes: { added: checkpoint.added, changed: checkpoint.changed, removed: checkpoint.removed },
    unstable_files: checkpoint.unstableFiles,
    omitted: checkpoint.omitted,
    created_at: checkpoint.createdAt,
  };
}

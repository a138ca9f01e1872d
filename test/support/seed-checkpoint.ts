// Puts checkpoints where a Workspace object would: packs and manifest into R2, rows into D1. For tests in workerd.
import { env } from "cloudflare:workers";
import { manifestKey, packKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import { type ConversationMark, type Manifest } from "../../src/shared/checkpoints/format.ts";
import type { CheckpointKind, CheckpointTarget } from "../../src/shared/checkpoints/schema.ts";
import { uuidV7 } from "../../src/shared/ids.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { type Known, packManifest, type SeedFile, seedTree } from "./seed-tree.ts";

export const newUuid = (atMs = Date.now()): string => uuidV7(atMs, crypto.getRandomValues(new Uint8Array(16)));

export type SeededProject = { team_id: string; project_id: string; workspace_id: string; name: string };
export type SeededCheckpoint = CheckpointTarget & { manifest: Manifest; known: Known; stored: string[] };

/** The one person who can sign in, after signIn. */
export async function localPrincipal(): Promise<Principal> {
  const row = await env.DB.prepare("select team_id, user_id, role from memberships").first<Principal>();
  return { user_id: row!.user_id, team_id: row!.team_id, role: row!.role };
}

export async function seedProject(owner: Pick<Principal, "team_id" | "user_id">, name: string): Promise<SeededProject> {
  const project = { team_id: owner.team_id, project_id: newUuid(), workspace_id: newUuid(), name };
  const at = new Date().toISOString();
  await env.DB.batch([
    env.DB.prepare("insert into projects (id, team_id, owner_id, name, created_at) values (?, ?, ?, ?, ?)").bind(
      project.project_id,
      owner.team_id,
      owner.user_id,
      name,
      at,
    ),
    insertWorkspace(project, project.workspace_id, "main", at),
  ]);
  return project;
}

export async function seedBranch(project: SeededProject, branch: string, base: string | null = null) {
  const workspace_id = newUuid();
  await insertWorkspace(project, workspace_id, branch, new Date().toISOString()).run();
  await env.DB.prepare("update workspaces set base_checkpoint_id = ? where id = ?").bind(base, workspace_id).run();
  return { ...project, workspace_id };
}

function insertWorkspace(project: SeededProject, id: string, branch: string, at: string) {
  return env.DB.prepare(
    "insert into workspaces (id, team_id, project_id, branch, created_at) values (?, ?, ?, ?, ?)",
  ).bind(id, project.team_id, project.project_id, branch, at);
}

export type SeedCheckpoint = {
  files: readonly SeedFile[];
  parent?: SeededCheckpoint | null;
  kind?: CheckpointKind;
  message?: string;
  tags?: string[];
  created_at?: string;
  conversations?: ConversationMark[];
  session_id?: string;
  /** Not when the checkpoint is none of its branch's newest. */
  is_head?: boolean;
};

export async function seedCheckpoint(place: SeededProject, wish: SeedCheckpoint): Promise<SeededCheckpoint> {
  const { team_id, project_id, workspace_id } = place;
  const { tree, packs, known } = await seedTree(wish.files, wish.parent?.known);
  const created_at = wish.created_at ?? new Date().toISOString();
  const checkpoint_id = newUuid(Date.parse(created_at));
  const manifest: Manifest = {
    format: 1,
    checkpoint_id,
    team_id,
    project_id,
    workspace_id,
    parent_id: wish.parent?.checkpoint_id ?? null,
    created_at,
    tree,
    conversations: wish.conversations ?? [],
  };
  for (const [sha256, bytes] of packs) {
    await env.BUCKET.put(packKey(team_id, sha256), bytes, { sha256, customMetadata: { project_id } });
    const insert = "insert or replace into checkpoint_packs (team_id, sha256, bytes, stored_at) values (?, ?, ?, ?)";
    await env.DB.prepare(insert).bind(team_id, sha256, bytes.length, created_at).run();
  }
  const { bytes, sha256 } = await packManifest(manifest);
  await env.BUCKET.put(manifestKey(place, sha256), bytes, { sha256 });
  const stored_bytes = [...packs.values()].reduce((sum, pack) => sum + pack.length, 0);
  await insertRow({ manifest, manifest_sha256: sha256, stored_bytes, wish });
  return { checkpoint_id, project_id, manifest_sha256: sha256, manifest, known, stored: [...packs.keys()] };
}

type Row = { manifest: Manifest; manifest_sha256: string; stored_bytes: number; wish: SeedCheckpoint };

async function insertRow({ manifest, manifest_sha256, stored_bytes, wish }: Row): Promise<void> {
  const { tree, team_id, checkpoint_id, workspace_id } = manifest;
  const columns = {
    id: checkpoint_id,
    team_id,
    project_id: manifest.project_id,
    workspace_id,
    parent_id: manifest.parent_id,
    kind: wish.kind ?? "turn",
    manifest_sha256,
    message: wish.message ?? "a checkpoint",
    tags: JSON.stringify(wish.tags ?? []),
    session_id: wish.session_id ?? null,
    input_tokens: 1,
    output_tokens: 2,
    files: tree.files,
    bytes: tree.bytes,
    stored_bytes,
    added: 0,
    changed: 0,
    removed: 0,
    unstable_files: 0,
    omitted: 0,
    created_at: manifest.created_at,
  };
  const names = Object.keys(columns);
  const insert = `insert into checkpoints (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`;
  const ref = "insert into checkpoint_pack_refs (checkpoint_id, team_id, pack_sha256) values (?, ?, ?)";
  await env.DB.batch([
    env.DB.prepare(insert).bind(...Object.values(columns)),
    ...tree.packs.map((pack) => env.DB.prepare(ref).bind(checkpoint_id, team_id, pack)),
  ]);
  if (wish.is_head === false) return;
  const head = "update workspaces set head_checkpoint_id = ? where id = ?";
  await env.DB.prepare(head).bind(checkpoint_id, workspace_id).run();
}

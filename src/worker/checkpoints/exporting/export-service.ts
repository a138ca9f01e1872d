// Exports: where a checkpoint is to be had as a .tar.zst, and the timeline up to it as a git bundle.
import { exportKey } from "../../../shared/checkpoints/checkpoint-keys.ts";
import { type BundleCommit, MAX_BUNDLE_COMMITS, type OperationView } from "../../../shared/checkpoints/schema.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { MAIN_BRANCH } from "../../../shared/projects/schema.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import { type CheckpointAccess, type Place, targetOf } from "../checkpoint-access.ts";
import type { CheckpointRow, CheckpointStore } from "../checkpoint-store.ts";
import type { OperationRunner, Waiting } from "../operation-runner.ts";
import { streamTar } from "./tar-stream.ts";

export type ExportPlace = { url: string; name: string; mime_type: string; size: number | null };
export type BundleRequest = { checkpoint_id: string; operation_id: string | null; idempotency_key: string | null };
export type Bundle = { view: OperationView; place: ExportPlace | null; commits: number | null };

export type ExportService = {
  locateTar(principal: Principal, checkpointId: string): Promise<ExportPlace>;
  /** Throws before the first byte when there is no such checkpoint, or its list of files cannot be read. */
  openTar(principal: Principal, checkpointId: string): Promise<{ name: string; body: ReadableStream<Uint8Array> }>;
  /** Made in the sandbox, by git. */
  makeBundle(principal: Principal, request: BundleRequest, waiting: Waiting): Promise<Bundle>;
  openBundle(
    principal: Principal,
    name: { checkpoint_id: string; export_id: string },
  ): Promise<{ name: string; body: ReadableStream; size: number }>;
};

export type ExportOptions = {
  access: CheckpointAccess;
  store: CheckpointStore;
  operations: OperationRunner;
  bucket: Pick<R2Bucket, "get">;
  publicUrl: string;
};

const TAR_TYPE = "application/zstd";
const BUNDLE_TYPE = "application/x-git-bundle";

export function createExportService(options: ExportOptions): ExportService {
  const { access, bucket, publicUrl } = options;
  return {
    async locateTar(principal, checkpointId) {
      const row = await access.find(principal, checkpointId);
      const url = `${publicUrl}/mcp/checkpoints/${row.checkpoint_id}/export`;
      // How long it gets shows only when it is written.
      return { url, name: nameOf(row, "tar.zst"), mime_type: TAR_TYPE, size: null };
    },
    async openTar(principal, checkpointId) {
      const row = await access.find(principal, checkpointId);
      const reader = await access.open(principal, targetOf(row), true);
      await reader.chunk(0);
      return { name: nameOf(row, "tar.zst"), body: streamTar(reader) };
    },
    makeBundle: (principal, request, waiting) => makeBundle(options, principal, request, waiting),
    async openBundle(principal, { checkpoint_id, export_id }) {
      const row = await access.find(principal, checkpoint_id);
      const object = await bucket.get(exportKey(principal.team_id, row.project_id, export_id));
      if (object === null) {
        throw new AppError("not_found", "There is no such export, or it has expired. export_checkpoint makes it anew.");
      }
      return { name: nameOf(row, "bundle"), body: object.body, size: object.size };
    },
  };
}

async function makeBundle(
  options: ExportOptions,
  principal: Principal,
  request: BundleRequest,
  waiting: Waiting,
): Promise<Bundle> {
  const { access, store, operations, publicUrl } = options;
  const row = await access.find(principal, request.checkpoint_id);
  const place = await findPlace(access, principal, row);
  const view = await (request.operation_id === null
    ? start()
    : operations.resume(place, request.operation_id, waiting));
  const result = view.result?.kind === "bundle" ? view.result : null;
  if (result === null) return { view, place: null, commits: null };
  const url = `${publicUrl}/mcp/checkpoints/${row.checkpoint_id}/exports/${view.operation_id}`;
  const made = { url, name: nameOf(row, "bundle"), mime_type: BUNDLE_TYPE, size: result.bytes };
  return { view, place: made, commits: result.commits };

  async function start(): Promise<OperationView> {
    const operation_id = await operations.idFor(principal, "bundle", request.idempotency_key);
    const line = await store.lineage(row, MAX_BUNDLE_COMMITS);
    const bundle = {
      kind: "bundle" as const,
      author_id: principal.user_id,
      checkpoints: line.map((one) => commitOf(one)),
      branch: row.branch,
      // The same id: a token for this operation stores this export and no other.
      export_id: operation_id,
    };
    return operations.run(principal, place, { request: bundle, operation_id, if_busy: "queue" }, waiting);
  }
}

/** The branch's own workspace does it; that of `main` when the branch was deleted. */
async function findPlace(access: CheckpointAccess, principal: Principal, row: CheckpointRow): Promise<Place> {
  try {
    return await access.place(principal, { project: row.project, branch: row.branch });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "branch_not_found") throw error;
    return access.place(principal, { project: row.project, branch: MAIN_BRANCH });
  }
}

function commitOf(row: CheckpointRow): BundleCommit {
  const message = row.message.trim() === "" ? row.kind : row.message;
  return { ...targetOf(row), message, author: row.author_id ?? "berth", created_at: row.created_at };
}

const nameOf = ({ project, checkpoint_id }: CheckpointRow, extension: string): string =>
  `${project}-${checkpoint_id}.${extension}`;

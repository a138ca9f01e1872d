// The timeline as people ask for it: take a checkpoint, list them, look at one and its files, go back to one.
import type { Manifest } from "../../shared/checkpoints/format.ts";
import type { CheckpointStrategy, OperationView } from "../../shared/checkpoints/schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { type CheckpointAccess, identityOf, type Place, type PlaceName, targetOf } from "./checkpoint-access.ts";
import type {
  CheckpointFilter,
  CheckpointRow,
  CheckpointStore,
  Neighbours,
  StorageFigures,
} from "./checkpoint-store.ts";
import type { CheckpointWorkspace } from "./checkpoint-access.ts";
import type { OperationRunner, Waiting } from "./operation-runner.ts";
import type { PolicyStore } from "./keeping/policy-store.ts";
import type { RetentionPolicy } from "../../shared/checkpoints/retention-policy.ts";
import { readManifest } from "./reading/manifest-reader.ts";
import type { ReadingBucket } from "./reading/pack-reader.ts";
import { findYoung, isYoung } from "./young-row.ts";

type Resumable = PlaceName & { operation_id: string | null; idempotency_key: string | null };
export type CreateRequest = Resumable & { message: string; tags: string[] };
export type RestoreRequest = Resumable & {
  checkpoint_id: string;
  paths: string[] | null;
  dry_run: boolean;
  create_backup: boolean;
  include_conversation: boolean;
  if_busy: "queue" | "refuse";
};
export type ListRequest = PlaceName & Pick<CheckpointFilter, "session_id" | "after" | "limit">;
export type CheckpointDetails = {
  row: CheckpointRow;
  neighbours: Neighbours;
  conversations: Manifest["conversations"];
  omitted: Manifest["tree"]["omitted"];
};

export type TimelineService = {
  create(
    principal: Principal,
    request: CreateRequest,
    waiting: Waiting,
  ): Promise<{ place: Place; view: OperationView }>;
  restore(
    principal: Principal,
    request: RestoreRequest,
    waiting: Waiting,
  ): Promise<{ place: Place; view: OperationView }>;
  list(principal: Principal, request: ListRequest): Promise<{ rows: CheckpointRow[]; figures: StorageFigures }>;
  get(principal: Principal, checkpointId: string): Promise<CheckpointDetails>;
  setPolicy(
    principal: Principal,
    project: string | null,
    policy: { strategy: CheckpointStrategy | null; retention: RetentionPolicy | null | undefined },
  ): Promise<{ project: string; strategy: CheckpointStrategy; retention: RetentionPolicy | null }>;
};

export type TimelineOptions = {
  access: CheckpointAccess;
  store: CheckpointStore;
  policies: PolicyStore;
  operations: OperationRunner;
  workspace: (workspaceId: string) => CheckpointWorkspace;
  bucket: ReadingBucket;
};

export function createTimelineService(options: TimelineOptions): TimelineService {
  const { access, store } = options;
  return {
    create: (principal, request, waiting) => create(options, principal, request, waiting),
    restore: (principal, request, waiting) => restore(options, principal, request, waiting),
    async list(principal, request) {
      const place = await access.place(principal, request);
      const rows = await list(options, principal, place, request);
      return { rows, figures: await store.figures(place.project_id) };
    },
    async get(principal, checkpointId) {
      const row = await access.find(principal, checkpointId);
      const manifest = await readManifest(options.bucket, principal.team_id, targetOf(row));
      const { conversations, tree } = manifest;
      return { row, neighbours: await store.neighbours(principal, row), conversations, omitted: tree.omitted };
    },
    async setPolicy(principal, project, { strategy, retention }) {
      const place = await access.place(principal, { project, branch: null });
      const policy = await options.policies.set(place.project_id, {
        ...(strategy !== null && { strategy }),
        ...(retention !== undefined && { retention }),
      });
      if (strategy !== null) await tellBranches(options, principal, place, strategy);
      return { project: place.name, ...policy };
    },
  };
}

/** The first page holds the branch's newest, which may have been made in this moment. */
async function list(
  { store, workspace }: TimelineOptions,
  principal: Principal,
  { project_id, workspace_id }: Place,
  request: ListRequest,
): Promise<CheckpointRow[]> {
  const { branch, session_id, after, limit } = request;
  const filter = { project_id, workspace_id: branch === null ? null : workspace_id, session_id, after, limit };
  const look = () => store.list(principal, filter);
  const asked = after === null ? workspace(workspace_id).describe() : null;
  const [rows, head] = await Promise.all([look(), asked?.then((state) => state.head).catch(() => null) ?? null]);
  const isListed = (found: CheckpointRow[]) => found.some(({ checkpoint_id }) => checkpoint_id === head?.checkpoint_id);
  if (head === null || !isYoung(head.checkpoint_id) || isListed(rows)) return rows;
  if (head.kind === "autosave" || (session_id ?? head.session_id) !== head.session_id) return rows;
  const later = await findYoung(head.checkpoint_id, async () => {
    const found = await look();
    return isListed(found) ? found : null;
  });
  return later ?? rows;
}

async function create(
  { access, operations }: TimelineOptions,
  principal: Principal,
  request: CreateRequest,
  waiting: Waiting,
): Promise<{ place: Place; view: OperationView }> {
  const place = await access.place(principal, request);
  if (request.operation_id !== null) {
    return { place, view: await operations.resume(place, request.operation_id, waiting) };
  }
  const operation_id = await operations.idFor(principal, "create", request.idempotency_key);
  const { message, tags } = request;
  const start = { kind: "create" as const, message, tags, author_id: principal.user_id };
  return {
    place,
    view: await operations.run(principal, place, { request: start, operation_id, if_busy: "queue" }, waiting),
  };
}

async function restore(
  { access, operations }: TimelineOptions,
  principal: Principal,
  request: RestoreRequest,
  waiting: Waiting,
): Promise<{ place: Place; view: OperationView }> {
  const place = await access.place(principal, request);
  if (request.operation_id !== null) {
    return { place, view: await operations.resume(place, request.operation_id, waiting) };
  }
  const checkpoint = targetOf(await access.find(principal, request.checkpoint_id));
  const { paths, dry_run, create_backup, include_conversation, if_busy } = request;
  const operation_id = await operations.idFor(principal, "restore", request.idempotency_key);
  const wish = { paths, dry_run, create_backup, include_conversation };
  const start = { kind: "restore" as const, author_id: principal.user_id, checkpoint, ...wish };
  return { place, view: await operations.run(principal, place, { request: start, operation_id, if_busy }, waiting) };
}

/** Each branch's object keeps the strategy for itself: a turn's end asks nobody. */
async function tellBranches(
  { policies, workspace }: TimelineOptions,
  principal: Principal,
  place: Place,
  strategy: CheckpointStrategy,
): Promise<void> {
  const branches = await policies.branches(place.project_id);
  await Promise.all(
    branches.map(({ workspace_id, branch }) => {
      const git_url = branch === place.branch ? place.git_url : null;
      const identity = identityOf(principal, { ...place, workspace_id, git_url });
      return workspace(workspace_id).setStrategy(identity, strategy);
    }),
  );
}

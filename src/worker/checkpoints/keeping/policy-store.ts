// A project's checkpoint policy in D1: when they are taken, and which are kept.
import { and, eq, isNull } from "drizzle-orm";
import { type RetentionPolicy, retentionPolicySchema } from "../../../shared/checkpoints/retention-policy.ts";
import {
  type CheckpointStrategy,
  checkpointStrategySchema,
  DEFAULT_CHECKPOINT_STRATEGY,
} from "../../../shared/checkpoints/schema.ts";
import type { Database } from "../../db/client.ts";
import { projects, workspaces } from "../../db/schema.ts";

export type CheckpointPolicy = { strategy: CheckpointStrategy; retention: RetentionPolicy | null };

export type PolicyStore = {
  get(projectId: string): Promise<CheckpointPolicy>;
  /** Changes what is given, and answers with the whole. */
  set(projectId: string, policy: Partial<CheckpointPolicy>): Promise<CheckpointPolicy>;
  branches(projectId: string): Promise<{ workspace_id: string; branch: string }[]>;
};

export function createPolicyStore(db: Database): PolicyStore {
  const get = async (projectId: string): Promise<CheckpointPolicy> => {
    const row = await db.select().from(projects).where(eq(projects.id, projectId)).get();
    return {
      strategy: checkpointStrategySchema.catch(DEFAULT_CHECKPOINT_STRATEGY).parse(row?.checkpointStrategy),
      retention: readRetention(row?.checkpointRetention ?? null),
    };
  };
  return {
    get,
    async set(projectId, { strategy, retention }) {
      const change = {
        ...(strategy !== undefined && { checkpointStrategy: strategy }),
        ...(retention !== undefined && { checkpointRetention: retention === null ? null : JSON.stringify(retention) }),
      };
      if (Object.keys(change).length > 0) await db.update(projects).set(change).where(eq(projects.id, projectId));
      return get(projectId);
    },
    async branches(projectId) {
      const live = and(eq(workspaces.projectId, projectId), isNull(workspaces.deletedAt));
      return db.select({ workspace_id: workspaces.id, branch: workspaces.branch }).from(workspaces).where(live);
    },
  };
}

/** What cannot be read keeps everything. */
export function readRetention(text: string | null): RetentionPolicy | null {
  if (text === null) return null;
  try {
    return retentionPolicySchema.nullable().catch(null).parse(JSON.parse(text));
  } catch {
    return null;
  }
}

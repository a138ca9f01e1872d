// A new workspace's row may come after its object told D1 of its first checkpoint: then the row takes the head over itself.
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "./client.ts";
import { checkpoints, workspaces } from "./schema.ts";

/** Goes into the batch that makes the row. While the checkpoint is not there, its object has yet to say so, and sets the head. */
export function takeKnownHead(db: Database, workspaceId: string, headId: string) {
  const isTold = sql`exists (select 1 from ${checkpoints} where ${checkpoints.id} = ${headId})`;
  return db
    .update(workspaces)
    .set({ headCheckpointId: headId })
    .where(and(eq(workspaces.id, workspaceId), isNull(workspaces.headCheckpointId), isTold));
}

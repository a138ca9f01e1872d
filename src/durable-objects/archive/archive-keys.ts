// Where a session's things lie in R2, and what of the bucket moving and deleting them needs.

export type ArchiveBucket = Pick<R2Bucket, "put" | "get" | "list" | "delete" | "head">;

type Owner = { team_id: string; session_id: string };

/** Everything of a session in R2 begins with this. */
export function sessionPrefix({ team_id, session_id }: Owner): string {
  return `teams/${team_id}/sessions/${session_id}/`;
}

/** Sorted like the events. */
export function archiveKey(owner: Owner, firstSeq: number): string {
  return `${sessionPrefix(owner)}archive/${String(firstSeq).padStart(12, "0")}.jsonl.zst`;
}

// What the files of a conversation's prompts come to, turn by turn: a column of the turns.
import type { ObjectSql } from "../sql/migrate.ts";

export type AttachedBytes = {
  /** Of all prompts that went, or are to go, to Claude Code; up to one turn, or of all. */
  attachedBytes(upToTurnId?: string): number;
  setAttachedBytes(turnId: string, bytes: number): void;
  /** The conversation begins anew: what ended turns brought is not in it. */
  forgetAttachedBytes(): void;
};

export function createAttachedBytes(sql: ObjectSql): AttachedBytes {
  return {
    attachedBytes(upToTurnId) {
      // A turn that ended before it began brought nothing.
      const cursor = sql.exec<{ bytes: number }>(
        `SELECT coalesce(sum(attached_bytes), 0) AS bytes FROM turns
         WHERE attached_bytes > 0 AND (started_at IS NOT NULL OR ended_at IS NULL)
           AND (?1 IS NULL OR number <= (SELECT number FROM turns WHERE turn_id = ?1))`,
        upToTurnId ?? null,
      );
      return cursor.one().bytes;
    },
    setAttachedBytes(turnId, bytes) {
      sql.exec("UPDATE turns SET attached_bytes = ? WHERE turn_id = ?", bytes, turnId);
    },
    forgetAttachedBytes() {
      sql.exec("UPDATE turns SET attached_bytes = 0 WHERE ended_at IS NOT NULL AND attached_bytes > 0");
    },
  };
}

// Uploads in D1: each one's ticket as a hash, what its sender says of it, and once its bytes came what they are.
import { and, asc, count, eq, gt, inArray, isNotNull, isNull, lte, or } from "drizzle-orm";
import type { UploadReference } from "../../shared/attachments/schema.ts";
import type { Database } from "../db/client.ts";
import { uploads } from "../db/schema.ts";

export type UploadRow = typeof uploads.$inferSelect;
export type UploadOwner = { team_id: string; user_id: string };

/** Below the 100 parameters that a statement of D1 may have. */
const MAX_IDS = 90;

export type UploadStore = {
  add(row: Omit<UploadRow, "sha256" | "bytes">): Promise<void>;
  /** Those of the person that have not expired and have their bytes, or still a ticket to send them with. */
  countHeld(owner: UploadOwner, now: string): Promise<number>;
  find(id: string): Promise<UploadRow | null>;
  /** Says what the bytes are, once: false when others came first or its ticket has expired. */
  fill(id: string, content: { sha256: string; bytes: number }, now: string): Promise<boolean>;
  /** The person's own that have their bytes and have not expired. */
  findComplete(owner: UploadOwner, ids: readonly string[], now: string): Promise<UploadReference[]>;
  /** The oldest first. */
  findExpired(now: string, limit: number): Promise<UploadRow[]>;
  remove(id: string): Promise<void>;
};

export function createUploadStore(db: Database): UploadStore {
  const isOwn = ({ team_id, user_id }: UploadOwner) => and(eq(uploads.teamId, team_id), eq(uploads.ownerId, user_id));
  return {
    async add(row) {
      await db.insert(uploads).values(row);
    },
    async countHeld(owner, now) {
      const isHeld = or(isNotNull(uploads.sha256), gt(uploads.ticketExpiresAt, now));
      const held = and(isOwn(owner), gt(uploads.expiresAt, now), isHeld);
      const row = await db.select({ count: count() }).from(uploads).where(held).get();
      return row?.count ?? 0;
    },
    async find(id) {
      return (await db.select().from(uploads).where(eq(uploads.id, id)).get()) ?? null;
    },
    async fill(id, content, now) {
      const isOpen = and(eq(uploads.id, id), isNull(uploads.sha256), gt(uploads.ticketExpiresAt, now));
      const filled = await db.update(uploads).set(content).where(isOpen).returning({ id: uploads.id });
      return filled.length > 0;
    },
    async findComplete(owner, ids, now) {
      const wanted = and(isOwn(owner), inArray(uploads.id, ids.slice(0, MAX_IDS)), gt(uploads.expiresAt, now));
      const rows = await db.select().from(uploads).where(wanted);
      return rows.flatMap(toReference);
    },
    findExpired: (now, limit) =>
      db.select().from(uploads).where(lte(uploads.expiresAt, now)).orderBy(asc(uploads.expiresAt)).limit(limit),
    async remove(id) {
      await db.delete(uploads).where(eq(uploads.id, id));
    },
  };
}

function toReference({ id, name, mediaType, sha256, bytes }: UploadRow): UploadReference[] {
  return sha256 === null || bytes === null ? [] : [{ upload_id: id, name, media_type: mediaType, bytes, sha256 }];
}

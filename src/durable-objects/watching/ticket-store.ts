// Tickets with which a browser watches once: kept as SHA-256 until they are used or expire.
import { z } from "zod";
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { principalSchema, type Principal } from "../../shared/teams/principal.ts";
import { WATCH_TICKET_TTL_MS } from "../../shared/watching/watch-policy.ts";
import type { WatchTicket } from "../../shared/watching/watch-request.ts";
import type { Clock } from "../clock.ts";
import { sha256HexOf } from "../sha256.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const TICKET_SCHEMA = `
  CREATE TABLE watch_tickets (
    sha256 TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

/** The one answer to every ticket that opens nothing, so that it tells nothing about sessions of others. */
export const TICKET_REFUSED = failure(
  "watch_ticket_refused",
  "This link was used already, is older than a minute, or is for another session. create_watch_link gives a new one.",
);

const ticketRowSchema = z.object({ principal: z.string(), expires_at_ms: z.number() });

export type TicketStore = {
  issue(principal: Principal): Promise<WatchTicket>;
  /** Whose ticket it was; it is used up with the question. */
  redeem(ticket: string): Promise<Answer<Principal>>;
};

export function createTicketStore(sql: ObjectSql, clock: Clock): TicketStore {
  return {
    async issue(principal) {
      const ticket = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
      const sha256 = await sha256HexOf(ticket);
      const expiresAtMs = clock.nowMs() + WATCH_TICKET_TTL_MS;
      sql.exec("DELETE FROM watch_tickets WHERE expires_at_ms <= ?", clock.nowMs());
      sql.exec(
        "INSERT INTO watch_tickets (sha256, principal, expires_at_ms) VALUES (?, ?, ?)",
        sha256,
        JSON.stringify(principal),
        expiresAtMs,
      );
      return { ticket, expires_at: new Date(expiresAtMs).toISOString() };
    },
    async redeem(ticket) {
      const sha256 = await sha256HexOf(ticket);
      const rows = sql.exec("DELETE FROM watch_tickets WHERE sha256 = ? RETURNING principal, expires_at_ms", sha256);
      const row = ticketRowSchema.optional().parse(rows.toArray()[0]);
      if (row === undefined || row.expires_at_ms <= clock.nowMs()) return TICKET_REFUSED;
      return answer(principalSchema.parse(JSON.parse(row.principal)));
    },
  };
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

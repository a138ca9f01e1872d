// Lets people watch sessions live: links for browsers, and the way to the Session object for each watch.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { WATCH_HEADER, watchTicketSchema, type WatchRequest } from "../../shared/watching/watch-request.ts";

type WatchedSession = Pick<SessionApi, "createWatchTicket" | "redeemWatchTicket"> & Pick<Fetcher, "fetch">;

export type Watch = {
  sessionId: string;
  kind: "stream" | "socket";
  afterCursor: number;
  /** Whether what comes over the WebSocket may answer permission requests. */
  mayAnswer: boolean;
};

export type WatchService = {
  /** A link that opens one watch in a browser, within a minute. */
  createLink(principal: Principal, sessionId: string): Promise<{ url: string; expires_at: string }>;
  /** Whose ticket it is. It is used up, also when that person may not watch any more. */
  redeem(sessionId: string, ticket: string | null): Promise<Principal>;
  /** The Session object's own answer: a stream, a WebSocket, or a refusal. */
  open(principal: Principal, watch: Watch): Promise<Response>;
};

export type WatchServiceOptions = {
  session: (sessionId: string) => WatchedSession;
  readPrincipal: (userId: string) => Promise<Principal | null>;
  publicUrl: string;
};

const REFUSED = "This link opens nothing. create_watch_link gives a new one.";

export function createWatchService(options: WatchServiceOptions): WatchService {
  return {
    async createLink(principal, sessionId) {
      const { ticket, expires_at } = unwrap(await options.session(sessionId).createWatchTicket(principal));
      return { url: `${options.publicUrl}/watch/${sessionId}?ticket=${ticket}`, expires_at };
    },
    async redeem(sessionId, ticket) {
      const parsed = watchTicketSchema.safeParse(ticket);
      if (!parsed.success) throw new AppError("watch_ticket_refused", REFUSED);
      const holder = unwrap(await options.session(sessionId).redeemWatchTicket(parsed.data));
      const principal = await options.readPrincipal(holder.user_id);
      // The session looks at the team itself; who left every team has none.
      if (principal === null) throw new AppError("watch_ticket_refused", REFUSED);
      return principal;
    },
    open(principal, { sessionId, kind, afterCursor, mayAnswer }) {
      const request: WatchRequest = { principal, after_cursor: afterCursor, may_answer: mayAnswer };
      const headers = new Headers({ [WATCH_HEADER]: JSON.stringify(request) });
      if (kind === "socket") headers.set("upgrade", "websocket");
      return options.session(sessionId).fetch("http://session/watch", { headers });
    },
  };
}

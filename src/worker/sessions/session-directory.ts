// The port to the Session objects: one per session id.
import type { SessionApi } from "../../shared/rpc/session-api.ts";

export type SessionDirectory = { session(sessionId: string): SessionApi };

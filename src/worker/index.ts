// The Worker's entry: the edge itself, and the classes of the Durable Objects.
import { waitUntil } from "cloudflare:workers";
import { composeEdge } from "./compose.ts";
import type { FetchHandler } from "./http/entry.ts";

export { SessionObject } from "../durable-objects/session-do.ts";
export { TeamObject } from "../durable-objects/team-do.ts";
export { WorkspaceObject } from "../durable-objects/workspace-do.ts";

let edge: FetchHandler | null = null;

export default {
  fetch(request, env, context) {
    edge ??= composeEdge(env, { waitUntil });
    return edge.fetch(request, env, context);
  },
} satisfies ExportedHandler<Env>;

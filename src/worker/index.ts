// The Worker's entry: the edge itself, and the classes of the Durable Objects.
import { waitUntil } from "cloudflare:workers";
import { composeEdge, type Edge } from "./compose.ts";

export { SessionObject } from "../durable-objects/session-do.ts";
export { TeamObject } from "../durable-objects/team-do.ts";
export { WorkspaceObject } from "../durable-objects/workspace-do.ts";

let edge: Edge | null = null;

export default {
  fetch(request, env, context) {
    edge ??= composeEdge(env, { waitUntil });
    return edge.fetch(request, env, context);
  },
  async scheduled(_controller, env) {
    edge ??= composeEdge(env, { waitUntil });
    await edge.scheduled();
  },
} satisfies ExportedHandler<Env>;

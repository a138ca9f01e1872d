export { SessionObject } from "../durable-objects/session-do.ts";
export { TeamObject } from "../durable-objects/team-do.ts";
export { WorkspaceObject } from "../durable-objects/workspace-do.ts";
export default { fetch: () => new Response("") } satisfies ExportedHandler<Env>;

// Versions of the contract between the Session object and the runner, and the paths that the runner serves.

/** Spoken by this build. The object also speaks the one before, so that an older runner finishes its turn. */
export const RUNNER_PROTOCOL_VERSION = 4;
export const SUPPORTED_RUNNER_PROTOCOLS: readonly number[] = [1, 2, 3, 4];
/** What the object says in its hello: a runner refuses a version that it does not know, and tells its own. */
export const GREETING_PROTOCOL_VERSION = 1;
/** From here on a runner takes files and a schema with a prompt, and says what it has not stored outside yet. */
export const INPUTS_PROTOCOL_VERSION = 2;
/** From here on a runner takes and restores checkpoints. */
export const CHECKPOINTS_PROTOCOL_VERSION = 3;

/** From here on a runner lays out a configuration. */
export const CONFIGURATION_PROTOCOL_VERSION = 4;

/** The port on which the runner listens inside a container. */
export const RUNNER_PORT = 8080;

/** On an upgrade: the runtime that is meant. Another one refuses it with 409, so that nobody is taken for his predecessor. */
export const RUNTIME_HEADER = "x-berth-runtime-id";

/** All of the runner's paths ask for `Authorization: Bearer <boot token>`. */
export const RUNNER_PATHS = {
  /** GET: {runtime_id, protocol_version, workspace_state, busy_sessions, unsaid_sessions} as JSON. */
  health: "/health",
  /** WebSocket upgrade, capnweb: RunnerSessionApi on the runner's side, SessionHostApi on the object's. */
  session: (sessionId: string) => `/rpc/sessions/${sessionId}`,
  /** WebSocket upgrade, capnweb: RunnerWorkspaceApi on the runner's side. */
  workspace: "/rpc/workspace",
} as const;

/** Where the sandbox reaches the edge, below BERTH_EDGE_URL. */
export const EDGE_PATHS = {
  /** The CLI's ANTHROPIC_BASE_URL. */
  model: "/model",
  /** `/<session>/<server>` with an `mcp` token: a remote MCP server, whose address and secrets stay at the edge. */
  mcpProxy: "/mcp-proxy",
  /** POST a HookRequest with a `hooks` token: the edge sends it. */
  hooks: "/runner/hooks",
  /** POST {workspace_id, runtime_id, session_id} with the boot token: the runner has something to say and nobody is connected. */
  wake: "/runner/wake",
  /** PUT with a `packs:write` token: a pack, named by its SHA-256, or several by PACKS_HEADER. GET with `packs:read`, by `Range`. */
  packs: "/runner/packs",
  /** PUT with a `packs:write` token: a git bundle, by the id of its export. */
  exports: "/runner/exports",
} as const;

/** With a PUT of several small packs, one after the other in the body: `<sha256>:<bytes>,<sha256>:<bytes>`. */
export const PACKS_HEADER = "x-berth-packs";

/** Compile-time proof that A can be used as B: `type _Proof = AssertExtends<A, B>`. */
export type AssertExtends<A extends B, B> = A;

// Starts the workspace's sandbox, finds it again after a restart, and tells who must know when another one took over.
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { INPUTS_PROTOCOL_VERSION, RUNNER_PATHS, SUPPORTED_RUNNER_PROTOCOLS } from "../../shared/rpc/protocol.ts";
import { runnerHealthSchema, type RunnerHealth } from "../../shared/rpc/runner-workspace-api.ts";
import type { RuntimeInfo, RuntimeLookup, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import { UNREACHABLE_LIMIT_MS } from "../../shared/sessions/lifecycle-policy.ts";
import type { SandboxFacts } from "../../shared/sleeping/sleep-policy.ts";
import { withDeadline } from "../deadline.ts";
import type { SandboxPort } from "../sandboxes/sandbox-port.ts";
import type { StartCircuit } from "./start-circuit.ts";
import type { RuntimeRow, WorkspaceStore } from "./workspace-store.ts";

const HEALTH_DEADLINE_MS = 3_000;
const BOOT_DEADLINE_MS = 60_000;
const BOOT_POLL_MS = 25;
const LOOK_AGAIN_MS = 100;

export type RuntimeKeeperParts = {
  store: WorkspaceStore;
  sandbox: SandboxPort;
  newBootToken(): string;
  nowMs(): number;
  sandboxEnv(identity: WorkspaceIdentity, bootToken: string): Record<string, string>;
  /** What a fresh, empty sandbox needs before its first turn. */
  prepare(identity: WorkspaceIdentity): Promise<Answer<null>>;
  /** True when an empty disk can be filled again with what was kept. */
  isKept(): boolean;
  /** A turn's work is nowhere but on the disk. */
  isUnsaved(): boolean;
  /** Another runtime took over, or none runs any more. */
  announce(runtimeId: string | null): Promise<void>;
  circuit: StartCircuit;
  /** How long a start took, and whether a runner answered. */
  onStarted(took: { ms: number; ok: boolean }): void;
};

export type Booted = { runtime_id: string; protocol_version: number };

export type RuntimeKeeper = {
  ensure(identity: WorkspaceIdentity): Promise<Answer<RuntimeInfo>>;
  /** Starts one where none runs, and leaves its disk as it is. */
  boot(identity: WorkspaceIdentity): Promise<Answer<Booted>>;
  find(): Promise<RuntimeLookup>;
  /** Ends that runtime when it does not answer; false when it does. */
  fence(runtimeId: string): Promise<boolean>;
  stop(options: { erase: boolean }): Promise<void>;
  /** What the runner says of its sessions; null when it does not answer. Never starts one. */
  lookAt(): Promise<SandboxFacts["runner"]>;
  /** Stops the sandbox, unless one is being started or ended. Who wants one meanwhile waits, and gets a new one. */
  sleep(): Promise<boolean>;
  /** Resolves when no sandbox is being ended. */
  whenAwake(): Promise<void>;
};

export function createRuntimeKeeper(parts: RuntimeKeeperParts): RuntimeKeeper {
  const { store, sandbox } = parts;
  let booting: Promise<Answer<Booted>> | null = null;
  let preparing: Promise<Answer<RuntimeInfo>> | null = null;
  let fencing: Promise<boolean> | null = null;

  const find = async (): Promise<RuntimeLookup> => {
    const row = store.runtime();
    if (row === null || !(await sandbox.isRunning())) return { state: "gone" };
    const health = await askHealth(parts, row, HEALTH_DEADLINE_MS);
    if (health === null) return { state: "unreachable" };
    await meet(parts, row, health);
    return { state: "running", runtime_id: health.runtime_id };
  };

  const bootNow = async (identity: WorkspaceIdentity): Promise<Answer<Booted>> => {
    store.identify(identity);
    const refusedMs = await parts.circuit.run(async () => {
      const { state } = await find();
      // What does not answer may be busy, and its files are nowhere else: it is given a minute, as its turns are.
      if (state === "gone" || (state === "unreachable" && !(await comesBack(parts))))
        await timeStart(parts, () => startFresh(parts, identity));
    });
    return refusedMs === null ? describeRuntime(store) : explainRefusal(refusedMs);
  };

  const boot = (identity: WorkspaceIdentity): Promise<Answer<Booted>> => {
    const fenced = fencing?.catch(() => false) ?? Promise.resolve();
    booting ??= fenced.then(() => bootNow(identity)).finally(() => (booting = null));
    return booting;
  };
  const ensure = async (identity: WorkspaceIdentity): Promise<Answer<RuntimeInfo>> => {
    const booted = await boot(identity);
    return booted.ok ? getReady(parts, identity) : booted;
  };

  const stop = async ({ erase }: { erase: boolean }): Promise<void> => {
    await (erase ? sandbox.erase() : sandbox.stop());
    store.forgetRuntime();
    await parts.announce(null);
  };

  return {
    find,
    stop,
    boot,
    lookAt: () => lookAt(parts),
    async sleep() {
      if (booting !== null || preparing !== null || fencing !== null) return false;
      fencing = stop({ erase: false })
        .then(() => true)
        .finally(() => (fencing = null));
      return fencing;
    },
    whenAwake: async () => void (await fencing?.catch(() => false)),
    ensure(identity) {
      preparing ??= ensure(identity).finally(() => (preparing = null));
      return preparing;
    },
    fence(runtimeId) {
      fencing ??= fence(parts, runtimeId, { find, whenStarted: booting }).finally(() => (fencing = null));
      return fencing;
    },
  };
}

async function fence(
  parts: RuntimeKeeperParts,
  runtimeId: string,
  { find, whenStarted }: { find(): Promise<RuntimeLookup>; whenStarted: Promise<unknown> | null },
): Promise<boolean> {
  const { store, sandbox } = parts;
  const isCurrent = () => store.runtime()?.runtime_id === runtimeId;
  // A start that is under way ends by itself what does not answer.
  await whenStarted;
  if (!isCurrent()) return true;
  const { state } = await find();
  if (state === "running" || !isCurrent()) return !isCurrent();
  // As for any runtime that is lost in a turn: what that turn had made may be gone with it.
  store.setHasFiles();
  await sandbox.stop();
  await parts.announce(null);
  return true;
}

async function lookAt(parts: RuntimeKeeperParts): ReturnType<RuntimeKeeper["lookAt"]> {
  const row = parts.store.runtime();
  const health = row === null ? null : await askHealth(parts, row, HEALTH_DEADLINE_MS);
  if (health === null) return null;
  const tellsUnsaid = health.protocol_version >= INPUTS_PROTOCOL_VERSION;
  const unsaidSessions = tellsUnsaid ? (health.unsaid_sessions?.length ?? null) : null;
  return { busySessions: health.busy_sessions.length, unsaidSessions };
}

/** True once the runtime answers again; false when its time is up, or when nothing runs any more. */
async function comesBack(parts: RuntimeKeeperParts): Promise<boolean> {
  const deadline = parts.nowMs() + UNREACHABLE_LIMIT_MS;
  while (parts.nowMs() < deadline && (await parts.sandbox.isRunning())) {
    const row = parts.store.runtime();
    const health = row === null ? null : await askHealth(parts, row, HEALTH_DEADLINE_MS);
    if (row !== null && health !== null) return meet(parts, row, health).then(() => true);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  return false;
}

async function timeStart({ nowMs, onStarted }: RuntimeKeeperParts, start: () => Promise<void>): Promise<void> {
  const beganAtMs = nowMs();
  let ok = false;
  try {
    await start();
    ok = true;
  } finally {
    onStarted({ ms: nowMs() - beganAtMs, ok });
  }
}

async function startFresh(parts: RuntimeKeeperParts, identity: WorkspaceIdentity): Promise<void> {
  // Whatever still runs there does not answer: it is ended before another one gets its place.
  if (await parts.sandbox.isRunning()) await parts.sandbox.stop();
  const bootToken = parts.newBootToken();
  parts.store.beginRuntime(bootToken);
  await parts.sandbox.start({ env: parts.sandboxEnv(identity, bootToken) });
  const row = parts.store.runtime();
  const health = row === null ? null : await waitForHealth(parts, row);
  if (row === null || health === null) {
    await parts.sandbox.stop();
    throw new Error("the runner did not answer in time");
  }
  await meet(parts, row, health);
}

/** The runner of a container needs a moment to listen; a refused connection is no answer yet. */
async function waitForHealth(parts: RuntimeKeeperParts, row: RuntimeRow): Promise<RunnerHealth | null> {
  const deadline = parts.nowMs() + BOOT_DEADLINE_MS;
  while (parts.nowMs() < deadline) {
    const health = await askHealth(parts, row, HEALTH_DEADLINE_MS);
    if (health !== null) return health;
    await new Promise((resolve) => setTimeout(resolve, BOOT_POLL_MS));
  }
  return null;
}

async function askHealth(parts: RuntimeKeeperParts, row: RuntimeRow, deadlineMs: number): Promise<RunnerHealth | null> {
  const headers = { authorization: `Bearer ${row.boot_token}` };
  try {
    const request = new Request(`http://runner${RUNNER_PATHS.health}`, { headers });
    const response = await withDeadline(parts.sandbox.fetch(request), deadlineMs);
    return response.ok ? runnerHealthSchema.parse(await response.json()) : null;
  } catch {
    return null;
  }
}

function hadFiles({ store, isUnsaved }: RuntimeKeeperParts): boolean {
  return store.get()?.has_files === true || isUnsaved();
}

/** Takes note of a runtime that answered: a new one is written down and announced once. */
async function meet(parts: RuntimeKeeperParts, row: RuntimeRow, health: RunnerHealth): Promise<void> {
  if (row.runtime_id === health.runtime_id) return;
  parts.store.identifyRuntime({
    runtime_id: health.runtime_id,
    protocol_version: health.protocol_version,
    files_lost: health.workspace_state === "new" && hadFiles(parts) && !parts.isKept(),
  });
  if (health.workspace_state === "new") parts.store.setPrepared(false);
  await parts.announce(health.runtime_id);
}

function explainRefusal(refusedMs: number): ReturnType<typeof failure> {
  const seconds = Math.ceil(refusedMs / 1000);
  const message = `The sandbox did not start, several times in a row. Try again in ${seconds} seconds; if it stays, see the log.`;
  return failure("sandbox_start_failed", message);
}

function describeRuntime(store: WorkspaceStore): Answer<Booted> {
  const row = store.runtime();
  if (row?.runtime_id == null || row.protocol_version === null)
    throw new Error("the runtime that was met is not stored");
  if (!SUPPORTED_RUNNER_PROTOCOLS.includes(row.protocol_version)) {
    return failure(
      "runner_protocol_unsupported",
      "The sandbox's runner is of another version. End its sessions and try again.",
    );
  }
  return answer({ runtime_id: row.runtime_id, protocol_version: row.protocol_version });
}

async function getReady(parts: RuntimeKeeperParts, identity: WorkspaceIdentity): Promise<Answer<RuntimeInfo>> {
  if (parts.store.get()?.prepared !== true) {
    const prepared = await parts.prepare(identity);
    if (!prepared.ok) return prepared;
    parts.store.setPrepared(true);
  }
  const booted = describeRuntime(parts.store);
  const row = parts.store.runtime();
  if (!booted.ok) return booted;
  return answer({ ...booted.value, files_lost: row?.files_lost === true, restored: row?.restored ?? null });
}

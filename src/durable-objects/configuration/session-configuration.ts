// Keeps the session's configuration: brought up to date before a turn, handed to the runner when it changed, asked by the gate.
import type { Failure } from "../../shared/errors/app-error.ts";
import { NOTHING_CONFIGURED } from "../../shared/configuration/materialise.ts";
import type { SessionPlaces } from "../../shared/configuration/place.ts";
import { CONFIGURATION_LIMITS, type GateConfiguration } from "../../shared/configuration/session-configuration.ts";
import type { ConfigurationStart } from "../../shared/rpc/runner-session-api.ts";
import type { Clock } from "../clock.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import type { ConfigurationStore, LoadedConfiguration } from "./configuration-store.ts";

export type SessionConfigurationParts = {
  store: ConfigurationStore;
  places(): SessionPlaces;
  load(places: SessionPlaces): Promise<LoadedConfiguration | "too_large">;
  /** The team's version as it is now. */
  loadVersion(places: SessionPlaces): Promise<number>;
  clock: Pick<Clock, "nowMs">;
  /** Whether there is something to load although the team never configured anything. */
  hasMore(): boolean;
};

export type SessionConfigurationKeeper = {
  /** A prompt came in when the team's configuration was at that version. */
  noticed(version: number | undefined): void;
  /**
   * Reads what has changed; asks nobody when nothing has and the last prompt is a moment old. Rejects while D1 does not
   * answer and something is known to have changed.
   */
  refresh(): Promise<Failure | null>;
  /** The newest version of the team's configuration that the session has heard of. */
  knownVersion(): number;
  /** What the gate decides by. */
  gate(): GateConfiguration;
  /** What a turn in that runtime starts with; without its body where the runtime has it. Null for nothing configured. */
  forTurn(runtimeId: string): ConfigurationStart | null;
  delivered(runtimeId: string): void;
  /** The runtime says that it does not have what it was taken to have. */
  forgotten(): void;
};

/** What a prompt knows of the team's version is new enough for the turn that begins with it, and for no later one. */
const KNOWN_FOR_MS = 3_000;
const LOOK_DEADLINE_MS = 2_000;

const TOO_LARGE: Failure = {
  code: "configuration_too_large",
  message: `What is configured for this session is more than ${CONFIGURATION_LIMITS} in all. Remove or shorten commands, skills or instructions of some scope, then send the prompt again.`,
};

export function createSessionConfiguration(parts: SessionConfigurationParts): SessionConfigurationKeeper {
  const { store } = parts;
  let refreshing: Promise<Failure | null> | null = null;
  let knownAtMs = Number.NEGATIVE_INFINITY;
  const mark = (runtimeId: string): string => `${runtimeId} ${store.sha256() ?? ""}`;

  function know(version: number): void {
    knownAtMs = parts.clock.nowMs();
    store.want(version);
  }

  /** An outage changes no rules: who cannot look goes by what is known. */
  async function look(): Promise<void> {
    if (parts.clock.nowMs() - knownAtMs <= KNOWN_FOR_MS) return;
    await withDeadline(parts.loadVersion(parts.places()), LOOK_DEADLINE_MS).then(know, () => {});
  }

  async function refresh(): Promise<Failure | null> {
    await look();
    const { wanted, loaded } = store.versions();
    const isFirst = store.sha256() === null && parts.hasMore();
    if (loaded >= wanted && !isFirst) return null;
    const read = await withDeadline(parts.load(parts.places()), CALL_DEADLINE_MS);
    if (read === "too_large") return TOO_LARGE;
    store.save(read);
    return null;
  }

  return {
    noticed(version) {
      if (version !== undefined) know(version);
    },
    refresh() {
      refreshing ??= refresh().finally(() => (refreshing = null));
      return refreshing;
    },
    knownVersion: () => store.versions().wanted,
    gate: () => store.gate() ?? NOTHING_CONFIGURED.gate,
    forTurn(runtimeId) {
      const sha256 = store.sha256();
      if (sha256 === null) return null;
      return { sha256, body: store.delivered() === mark(runtimeId) ? null : store.sandbox() };
    },
    delivered: (runtimeId) => store.setDelivered(mark(runtimeId)),
    forgotten: () => store.setDelivered(""),
  };
}

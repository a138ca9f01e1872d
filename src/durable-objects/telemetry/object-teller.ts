// What an object measured, on its way to its team's object.
import type { TelemetryApi } from "../../shared/rpc/telemetry-api.ts";
import { createTelemetryTeller, SILENT, type TelemetryTeller } from "../../shared/telemetry/teller.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import type { ObjectLogger } from "../object-log.ts";

type Parts = {
  isOn: boolean;
  team(teamId: string): Pick<TelemetryApi, "recordTelemetry">;
  /** Null before the object knows. */
  teamId(): string | null;
  newId(): string;
  background(work: Promise<unknown>): void;
  logger: ObjectLogger;
};

export function createObjectTeller({ isOn, team, teamId, newId, background, logger }: Parts): TelemetryTeller {
  if (!isOn) return SILENT;
  return createTelemetryTeller({
    newId,
    background,
    async send(batch) {
      const id = teamId();
      if (id === null) throw new Error("whose telemetry it is is not known yet");
      await withDeadline(team(id).recordTelemetry(id, batch), CALL_DEADLINE_MS);
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onDropped: (count) => logger.info("telemetry_dropped", { count, reason: "not_told" }),
  });
}

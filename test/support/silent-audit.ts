// An audit log that takes everything, for tests of what is told to it; `told` has each entry with its outcome.
import { type AuditEvent, type AuditRecorder } from "../../src/worker/audit/audit-recorder.ts";
import { AppError } from "../../src/shared/errors/app-error.ts";

export type ToldEntry = AuditEvent & { user_id: string | null; client_id: string | null; outcome: string };

export function createSilentAudit(): AuditRecorder & { told: ToldEntry[] } {
  const told: ToldEntry[] = [];
  const around: AuditRecorder["around"] = async ({ user_id, client_id }, event, work, add) => {
    try {
      const result = await work();
      told.push({ ...event, ...add?.(result), user_id, client_id, outcome: "done" });
      return result;
    } catch (error) {
      told.push({ ...event, user_id, client_id, outcome: error instanceof AppError ? error.code : "internal" });
      throw error;
    }
  };
  return {
    told,
    around,
    stopping: around,
    async note({ user_id, client_id }, event, outcome = "done") {
      told.push({ ...event, user_id, client_id, outcome });
    },
  };
}

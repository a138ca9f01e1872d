import { describe, expect, it } from "vitest";
import { createAuditRecorder } from "../audit/audit-recorder.ts";
import { deleteProject } from "../projects/tools/delete-project.ts";
import { answerPermission } from "../permissions/tools/answer-permission.ts";
import { createLogger } from "../telemetry/logger.ts";
import { auditTool } from "./audited-tool.ts";
import type { ToolContext } from "./tool-context.ts";

const newUuid = () => crypto.randomUUID();
const away = () => Promise.reject(new Error("the Team object is away"));
const audit = createAuditRecorder({
  team: () => ({ announceAudit: away, appendAudit: away }),
  newId: newUuid,
  now: () => new Date(),
  waitUntil: () => {},
  logger: createLogger({ sink: () => {}, newEventId: newUuid }),
});

describe("a tool's call while the audit log is away", () => {
  it("is carried out when it denies, and refused when it lets anything happen [audit.stopping] [audit.closed]", async () => {
    const did: unknown[] = [];
    const services = {
      permissions: {
        async answer(_principal: object, { answer }: { answer: { decision: string } }) {
          did.push(answer.decision);
          return { request: { settled: { behavior: answer.decision === "deny" ? "deny" : "allow" } } };
        },
      },
      projects: { remove: async () => void did.push("deleted") },
    };
    const principal = { team_id: newUuid(), user_id: newUuid(), role: "owner" };
    const context = { principal, clientId: "client", services } as unknown as ToolContext;
    const answer = (decision: string) =>
      auditTool(answerPermission, audit).call({ session_id: newUuid(), request_id: newUuid(), decision }, context);
    const refused = { code: "audit_unavailable" };
    await expect(answer("allow_once")).rejects.toMatchObject(refused);
    await expect(auditTool(deleteProject, audit).call({ name: "shop" }, context)).rejects.toMatchObject(refused);
    expect((await answer("deny")).structured).toMatchObject({ behavior: "deny" });
    expect(did).toEqual(["deny"]);
  });
});

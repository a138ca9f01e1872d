// A tool whose calls the team's audit log knows of.
import { describeCall } from "../../shared/audit/describe-call.ts";
import type { AuditRecorder } from "../audit/audit-recorder.ts";
import type { Tool } from "./define-tool.ts";

/** What a person answers between two rounds of a call is told by the session itself. */
export function auditTool(tool: Tool, audit: AuditRecorder): Tool {
  if (!tool.audited) return tool;
  return {
    ...tool,
    call(args, context) {
      const { team_id, user_id, role } = context.principal;
      const actor = { team_id, user_id, client_id: context.clientId };
      const record = tool.stops(args) ? audit.stopping : audit.around;
      return record(
        actor,
        { ...describeCall(tool.name, args, null), decided_by: role },
        () => tool.call(args, context),
        ({ structured }) => describeCall(tool.name, args, structured),
      );
    },
  };
}

// How a request was settled, in words.
import type { PermissionRequestView } from "../../../shared/permissions/permission-request.ts";
import { showTime } from "./request-facts.tsx";

type Settled = NonNullable<PermissionRequestView["settled"]>;

export function describeSettled(request: PermissionRequestView, viewerId: string): string {
  const { settled } = request;
  if (settled === null) return "It waits for an answer.";
  const when = showTime(settled.at);
  switch (settled.decided_by) {
    case "timeout":
      return `This has expired: nobody answered until ${when}, so it was denied. Nothing ran.`;
    case "interrupt":
      return `The turn was stopped at ${when}, before anybody answered. Nothing ran.`;
    case "turn_ended":
      return `The turn ended at ${when}, before anybody answered. Nothing ran.`;
    case "page":
    case "elicitation":
    case "socket":
    case "tool":
      return `${whoSaid(settled, viewerId)} ${WAYS[settled.decided_by]} at ${when}: ${WHAT[request.kind](settled)}`;
  }
}

const WAYS = {
  page: "on this page",
  elicitation: "in your MCP client",
  socket: "while watching",
  tool: "through a client that may answer for you",
};

function whoSaid({ user_id }: Settled, viewerId: string): string {
  return user_id === viewerId ? "You answered this" : "This was answered";
}

const plainly =
  (yes: string, no: string) =>
  ({ behavior, message }: Settled): string => {
    if (behavior === "allow") return `${yes}.`;
    return message === null ? `${no}.` : `${no}, with a message to Claude.`;
  };

const WHAT: Record<PermissionRequestView["kind"], (settled: Settled) => string> = {
  tool: (settled) => {
    if (settled.behavior === "deny") return plainly("", "denied")(settled);
    if (settled.remember === "once") return "allowed once.";
    const where = settled.remember === "always" ? "always, in all your projects" : "for this session";
    return settled.rule === null ? `allowed ${where}.` : `allowed ${where}, by the rule ${settled.rule}.`;
  },
  question: plainly("answered", "declined"),
  plan: plainly("agreed", "not agreed"),
  elicitation: plainly("answered", "declined"),
};

// Tests servers once a person has agreed to them: what could not be tried before is tried now, and mcp_list shows it.
import { type McpServer, mcpServerSchema } from "../../shared/mcp-servers/server-schema.ts";
import type { Place } from "../../shared/configuration/place.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ProposalService } from "../configuration/proposal-service.ts";
import type { RunnerTools } from "./runner-tools.ts";
import { keyOf } from "./server-key.ts";
import type { ServerTester } from "./server-tester.ts";

export type ConfirmedTestsParts = {
  tester: Pick<ServerTester, "kept">;
  /** A sandbox in which the place's programs would be started. */
  sandboxAt: (principal: Principal, place: Place) => RunnerTools;
  waitUntil: (work: Promise<unknown>) => void;
};

export function withConfirmedTests<Service extends ProposalService>(
  proposals: Service,
  { tester, sandboxAt, waitUntil }: ConfirmedTestsParts,
): Service {
  return {
    ...proposals,
    async confirm(principal: Principal, proposalId: string) {
      const confirmed = await proposals.confirm(principal, proposalId);
      const test = async (): Promise<void> => {
        const { place, changes } = await proposals.find(principal, proposalId);
        for (const { name, server } of changes.flatMap(toServer)) {
          await tester.kept(keyOf(principal, place, name), server, sandboxAt(principal, place));
        }
      };
      // The person has their answer: a test may take longer than they look at the page.
      waitUntil(test().catch(() => null));
      return confirmed;
    },
  };
}

function toServer({
  kind,
  name,
  after,
}: {
  kind: string;
  name: string;
  after?: unknown;
}): { name: string; server: McpServer }[] {
  const parsed = kind === "mcp_server" ? mcpServerSchema.safeParse(after) : null;
  return parsed?.success === true && parsed.data.enabled ? [{ name, server: parsed.data }] : [];
}

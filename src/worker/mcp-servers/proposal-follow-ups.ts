// What follows for servers from a person's answer: agreed, they are tested or forgotten; refused, the secrets that came along are removed.
import { type McpServer, mcpServerSchema } from "../../shared/mcp-servers/server-schema.ts";
import type { Place } from "../../shared/configuration/place.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ProposalService } from "../configuration/proposal-service.ts";
import type { RunnerTools } from "./runner-tools.ts";
import { keyOf } from "./server-key.ts";
import type { ServerService } from "./server-service.ts";
import type { ServerTester } from "./server-tester.ts";

export type FollowUpParts = {
  tester: Pick<ServerTester, "kept">;
  service: Pick<ServerService, "dropRefused" | "forget">;
  /** A sandbox in which the place's programs would be started. */
  sandboxAt: (principal: Principal, place: Place) => RunnerTools;
  waitUntil: (work: Promise<unknown>) => void;
};

type Named = { name: string; server: McpServer };

export function withServerFollowUps(proposals: ProposalService, parts: FollowUpParts): ProposalService {
  const serversOf = async (principal: Principal, proposalId: string) => {
    const { place, changes } = await proposals.find(principal, proposalId);
    const own = changes.filter(({ kind }) => kind === "mcp_server");
    const removed = own.filter(({ after }) => after === null).flatMap(({ name, before }) => toServer(name, before));
    return { place, servers: own.flatMap(({ name, after }) => toServer(name, after)), removed };
  };
  // The person has their answer: what follows may take longer than they look at the page.
  const later = (work: () => Promise<void>): void => parts.waitUntil(work().catch(() => null));
  return {
    ...proposals,
    async confirm(principal, proposalId) {
      const confirmed = await proposals.confirm(principal, proposalId);
      later(async () => {
        const { place, servers, removed } = await serversOf(principal, proposalId);
        for (const gone of removed) await parts.service.forget(principal, place, gone);
        for (const { name, server } of servers.filter(({ server }) => server.enabled)) {
          await parts.tester.kept(keyOf(principal, place, name), server, parts.sandboxAt(principal, place));
        }
      });
      return confirmed;
    },
    async refuse(principal, proposalId) {
      await proposals.refuse(principal, proposalId);
      later(async () => {
        const { place, servers } = await serversOf(principal, proposalId);
        for (const refused of servers) await parts.service.dropRefused(principal, place, refused);
      });
    },
  };
}

function toServer(name: string, value: unknown): Named[] {
  const parsed = mcpServerSchema.safeParse(value);
  return parsed.success ? [{ name, server: parsed.data }] : [];
}

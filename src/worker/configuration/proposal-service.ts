// Proposals: a change that lets sessions do more is kept until a signed-in person, who may make it, says yes or no.
import { mayChange, type PlaceOwner } from "../../shared/configuration/access-policy.ts";
import type { Place } from "../../shared/configuration/place.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { jsonBytes } from "../../shared/events/shorten.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { MAX_PARAMETER_BYTES } from "./change-statements.ts";
import type { Proposal, ProposalStore, ProposedChange } from "./proposal-store.ts";

export type Proposed = { outcome: "proposed"; proposal_id: string; confirm_url: string; expires_at: string };

export type ProposalService = {
  propose(
    principal: Principal,
    proposal: { place: Place; changes: ProposedChange[]; summary: string; client: string | null },
  ): Promise<Proposed>;
  /** For the page: one that this person may decide, also when it is decided or too old. */
  find(principal: Principal, proposalId: string): Promise<Proposal>;
  confirm(principal: Principal, proposalId: string): Promise<{ version: number }>;
  refuse(principal: Principal, proposalId: string): Promise<void>;
};

export type ProposalServiceOptions = { store: ProposalStore; publicUrl: string; newId: () => string; now: () => Date };

/** Long enough to come back from lunch. */
const OPEN_FOR_MS = 24 * 60 * 60_000;
const MAX_OPEN = 50;

/** What is there and what would be, side by side: both are shown to the person. */
const TOO_LARGE =
  "This is too much for a person to be asked about at once: what is there and what would be come to more than 1.5 MB. Change it in several smaller steps, or remove first what is to be replaced.";

export function createProposalService(options: ProposalServiceOptions): ProposalService {
  const { store } = options;
  const find = (principal: Principal, id: string) => findFor(options, principal, id);
  return {
    propose: (principal, proposal) => propose(options, principal, proposal),
    find,
    async confirm(principal, proposalId) {
      const proposal = await find(principal, proposalId);
      const confirmed = await store.confirm(proposal, principal.user_id);
      if (confirmed === null) throw closed(await find(principal, proposalId), options.now());
      return confirmed;
    },
    async refuse(principal, proposalId) {
      const proposal = await find(principal, proposalId);
      if (!(await store.refuse(proposalId, principal.user_id))) throw closed(proposal, options.now());
    },
  };
}

async function propose(
  { store, publicUrl, newId, now }: ProposalServiceOptions,
  principal: Principal,
  { place, changes, summary, client }: Parameters<ProposalService["propose"]>[1],
): Promise<Proposed> {
  if (jsonBytes(changes) > MAX_PARAMETER_BYTES) throw new AppError("configuration_too_large", TOO_LARGE);
  if ((await store.countOpen(principal.team_id, principal.user_id)) >= MAX_OPEN) {
    const message = `${MAX_OPEN} of your proposals wait for an answer. Answer or refuse some of them first.`;
    throw new AppError("too_many_proposals", message);
  }
  const proposal_id = newId();
  const expires_at = new Date(now().getTime() + OPEN_FOR_MS).toISOString();
  await store.insert({
    proposal_id,
    team_id: principal.team_id,
    proposed_by: principal.user_id,
    place,
    changes,
    summary,
    client,
    created_at: now().toISOString(),
    expires_at,
  });
  return { outcome: "proposed", proposal_id, confirm_url: `${publicUrl}/proposals/${proposal_id}`, expires_at };
}

async function findFor({ store }: ProposalServiceOptions, principal: Principal, proposalId: string): Promise<Proposal> {
  const proposal = await store.find(proposalId);
  if (proposal !== null && mayChange(principal, proposal.place, ownerOf(proposal)) === "ok") return proposal;
  throw new AppError("not_found", "There is no such proposal for you to answer.");
}

/** Whoever proposes has found the project or session as their own. */
function ownerOf({ team_id, place, proposed_by }: Proposal): PlaceOwner {
  return { team_id, owner_id: place.scope === "user" ? place.scope_id : proposed_by };
}

function closed(proposal: Proposal, now: Date): AppError {
  if (proposal.state !== "open") {
    return new AppError("proposal_closed", `This proposal was ${proposal.state} already. Nothing was changed now.`);
  }
  if (proposal.expires_at <= now.toISOString()) {
    return new AppError("proposal_closed", "This proposal is too old. Nothing was changed; have it proposed again.");
  }
  const message = "What it would change was changed meanwhile. Nothing was changed now; have it proposed again.";
  return new AppError("proposal_closed", message);
}

// Proposals in D1. A confirmed one is carried out in the transaction that decides it: once, and only as it was shown.
import { and, eq, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { itemKindSchema } from "../../shared/configuration/item-kinds.ts";
import { placeSchema, type Place } from "../../shared/configuration/place.ts";
import type { Database } from "../db/client.ts";
import { proposals } from "../db/configuration-schema.ts";
import type { Companion } from "./companions.ts";
import { type ChangeSet, changeStatements, versionIn } from "./change-statements.ts";

const proposedChangeSchema = z.object({
  kind: itemKindSchema,
  name: z.string(),
  /** Null stands for no item. */
  before: z.unknown(),
  after: z.unknown(),
});
export type ProposedChange = z.infer<typeof proposedChangeSchema>;

export type Proposal = {
  proposal_id: string;
  team_id: string;
  proposed_by: string;
  place: Place;
  changes: ProposedChange[];
  summary: string;
  /** The MCP client that it came through, by its own name. */
  client: string | null;
  created_at: string;
  expires_at: string;
  state: "open" | "confirmed" | "refused";
  decided_by: string | null;
  decided_at: string | null;
};

export type NewProposal = Omit<Proposal, "state" | "decided_by" | "decided_at">;

export type ProposalStore = {
  insert(proposal: NewProposal): Promise<void>;
  find(proposalId: string): Promise<Proposal | null>;
  countOpen(teamId: string, userId: string): Promise<number>;
  /** Carries it out; null when it is not open any more, or what it would change is not what it was. */
  confirm(proposal: Proposal, decidedBy: string): Promise<{ version: number } | null>;
  /** False when it is not open any more. */
  refuse(proposalId: string, decidedBy: string): Promise<boolean>;
};

type Options = { db: Database; now: () => Date; newId: () => string; companion?: Companion };

export function createProposalStore(options: Options): ProposalStore {
  const { db, now } = options;
  return {
    async insert({ proposal_id, team_id, proposed_by, place, changes, ...rest }) {
      await db.insert(proposals).values({
        id: proposal_id,
        teamId: team_id,
        proposedBy: proposed_by,
        scope: place.scope,
        scopeId: place.scope_id,
        changes: JSON.stringify(changes),
        summary: rest.summary,
        client: rest.client,
        createdAt: rest.created_at,
        expiresAt: rest.expires_at,
        state: "open",
      });
    },
    async find(proposalId) {
      const row = await db.select().from(proposals).where(eq(proposals.id, proposalId)).get();
      return row === undefined ? null : toProposal(row);
    },
    async countOpen(teamId, userId) {
      const isOpen = and(eq(proposals.state, "open"), sql`${proposals.expiresAt} > ${now().toISOString()}`);
      const mine = and(eq(proposals.teamId, teamId), eq(proposals.proposedBy, userId));
      return db.$count(proposals, and(mine, isOpen));
    },
    confirm: (proposal, decidedBy) => confirm(options, proposal, decidedBy),
    async refuse(proposalId, decidedBy) {
      const result = await db
        .update(proposals)
        .set({ state: "refused", decidedBy, decidedAt: now().toISOString() })
        .where(and(eq(proposals.id, proposalId), eq(proposals.state, "open")))
        .returning({ id: proposals.id });
      return result.length === 1;
    },
  };
}

async function confirm(
  { db, now, newId, companion }: Options,
  proposal: Proposal,
  decidedBy: string,
): Promise<{ version: number } | null> {
  const decision = newId();
  const at = now();
  const set: ChangeSet = {
    teamId: proposal.team_id,
    place: proposal.place,
    changes: proposal.changes.map(({ kind, name, after }) => ({ kind, name, value: after })),
    summary: proposal.summary,
    changedBy: decidedBy,
  };
  const wins = and(
    eq(proposals.id, proposal.proposal_id),
    eq(proposals.state, "open"),
    sql`${proposals.expiresAt} > ${at.toISOString()}`,
    isAsBefore(proposal),
    companion?.condition(set) ?? undefined,
  );
  const isDecided = sql`exists (select 1 from proposals where id = ${proposal.proposal_id} and decision_id = ${decision})`;
  const decided = db
    .update(proposals)
    .set({ state: "confirmed", decidedBy, decidedAt: at.toISOString(), decisionId: decision })
    .where(wins);
  const version = versionIn(
    await db.batch([decided, ...changeStatements(db, set, { at, guard: isDecided, companion })]),
  );
  return version === null ? null : { version };
}

/** What the person saw is what is there. */
function isAsBefore({ team_id, place, changes }: Proposal): SQL {
  const seen = JSON.stringify(changes.map(({ kind, name, before }) => ({ kind, name, before })));
  return sql`not exists (select 1 from json_each(${seen}) one where (select value from configuration_items
    where team_id = ${team_id} and scope = ${place.scope} and scope_id = ${place.scope_id}
    and kind = one.value ->> 'kind' and name = one.value ->> 'name') is not nullif(one.value -> 'before', 'null'))`;
}

function toProposal(row: typeof proposals.$inferSelect): Proposal {
  return {
    proposal_id: row.id,
    team_id: row.teamId,
    proposed_by: row.proposedBy,
    place: placeSchema.parse({ scope: row.scope, scope_id: row.scopeId }),
    changes: z.array(proposedChangeSchema).parse(JSON.parse(row.changes)),
    summary: row.summary,
    client: row.client,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    state: row.state,
    decided_by: row.decidedBy,
    decided_at: row.decidedAt,
  };
}

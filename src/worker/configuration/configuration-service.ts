// Configuration as tools use it: what narrows or says is kept at once, what lets sessions do more becomes a proposal.
import { AppError } from "../../shared/errors/app-error.ts";
import {
  checkChange,
  type ConfigurationItem,
  isWidening,
  type ItemChange,
  MAX_ITEMS_PER_PLACE,
} from "../../shared/configuration/item.ts";
import { type MergedConfiguration, mergeConfiguration } from "../../shared/configuration/merge.ts";
import { type Place, placesOf, type SessionPlaces } from "../../shared/configuration/place.ts";
import { type BuiltInServers, findBuiltIn, withBuiltIn } from "../../shared/mcp-servers/built-in-servers.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ChangeSet, ConfigurationStore, StoredItem, VersionRow } from "./configuration-store.ts";
import type { PlaceResolver } from "./place-resolver.ts";
import type { ProposalService, Proposed } from "./proposal-service.ts";
import type { ProposedChange } from "./proposal-store.ts";

export type ChangeRequest = {
  place: Place;
  changes: readonly ItemChange[];
  /** What is done, in words: it stands in the list of versions and on the page that asks. */
  summary: string;
  /** The MCP client that asks, by its own name. */
  client: string | null;
};

export type ChangeOutcome = { outcome: "applied"; version: number } | { outcome: "unchanged" } | Proposed;

export type ConfigurationService = {
  places: PlaceResolver;
  items(place: Place, principal: Principal): Promise<StoredItem[]>;
  /** From a tool call: its arguments are a model's, so a change that widens waits for a person. */
  change(principal: Principal, request: ChangeRequest): Promise<ChangeOutcome>;
  /** From a person, on a page of ours. */
  changeAsPerson(principal: Principal, request: ChangeRequest): Promise<ChangeOutcome>;
  /** What a session of this project, or this session, is configured by. */
  merged(
    principal: Principal,
    where: Partial<Omit<SessionPlaces, "team_id" | "owner_id">>,
  ): Promise<MergedConfiguration>;
  versions(principal: Principal, place: Place, page: { before: number | null; limit: number }): Promise<VersionRow[]>;
  restore(principal: Principal, request: RestoreRequest): Promise<ChangeOutcome>;
};

export type RestoreRequest = { place: Place; version: number; client: string | null };

export type ConfigurationServiceOptions = {
  store: ConfigurationStore;
  proposals: ProposalService;
  places: PlaceResolver;
  /** MCP servers that every team has. */
  builtIn?: BuiltInServers;
};

export function createConfigurationService(options: ConfigurationServiceOptions): ConfigurationService {
  const { store, places } = options;
  return {
    places,
    items: (place, principal) => store.items(principal.team_id, place),
    async change(principal, request) {
      const changes = await compare(store, principal, request);
      return changes.some((one) => widens(options, request.place, one))
        ? propose(options, principal, request, changes)
        : apply(store, principal, request, changes);
    },
    async changeAsPerson(principal, request) {
      return apply(store, principal, request, await compare(store, principal, request));
    },
    merged: (principal, where) => mergeFor(options, principal, where),
    versions: (principal, place, page) => store.versions(principal.team_id, place, page),
    async restore(principal, { place, version, client }) {
      const wanted = await store.itemsAt(principal.team_id, place, version);
      if (wanted === null) {
        throw new AppError("not_found", `This scope has no version ${version}. list_config_versions shows them.`);
      }
      const present = await store.items(principal.team_id, place);
      const request = { place, changes: changesTo(present, wanted), summary: `back to version ${version}`, client };
      return this.change(principal, request);
    },
  };
}

/** What every team is given is there before a team has one of its own: switching it off is no more than that. */
function widens(
  { builtIn = {} }: ConfigurationServiceOptions,
  { scope }: Place,
  { kind, name, before, after }: ProposedChange,
): boolean {
  const given = scope === "team" && kind === "mcp_server" ? findBuiltIn(builtIn, name) : null;
  return isWidening({ kind, name, value: after }, before ?? given);
}

/** The changes that change something, with what is there now. Refuses what does not fit. */
async function compare(
  store: ConfigurationStore,
  principal: Principal,
  { place, changes }: ChangeRequest,
): Promise<ProposedChange[]> {
  const present = await store.items(principal.team_id, place);
  const now = ({ kind, name }: Pick<ItemChange, "kind" | "name">): unknown =>
    present.find((item) => item.kind === kind && item.name === name)?.value ?? null;
  // What stays as it is was taken once, and is not judged again by today's rules.
  const differing = changes.filter((change) => !isSame(now(change), change.value));
  const proposed = differing.map((change): ProposedChange => {
    const checked = checkChange(place, change);
    if (!checked.ok) throw new AppError("invalid_argument", checked.problem);
    const { kind, name, value } = checked.change;
    return { kind, name, before: now(change), after: value };
  });
  refuseTooMany(present, proposed);
  return proposed.filter(({ before, after }) => !isSame(before, after));
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

function refuseTooMany(present: readonly StoredItem[], changes: readonly ProposedChange[]): void {
  const added = changes.filter(({ before, after }) => before === null && after !== null).length;
  const removed = changes.filter(({ before, after }) => before !== null && after === null).length;
  if (added === 0 || present.length + added - removed <= MAX_ITEMS_PER_PLACE) return;
  const message = `A scope has at most ${MAX_ITEMS_PER_PLACE} items. Remove some first.`;
  throw new AppError("invalid_argument", message);
}

async function apply(
  store: ConfigurationStore,
  principal: Principal,
  { place, summary }: ChangeRequest,
  changes: readonly ProposedChange[],
): Promise<ChangeOutcome> {
  if (changes.length === 0) return { outcome: "unchanged" };
  const set: ChangeSet = {
    teamId: principal.team_id,
    place,
    changes: changes.map(({ kind, name, after }) => ({ kind, name, value: after })),
    summary,
    changedBy: principal.user_id,
  };
  return { outcome: "applied", version: await store.apply(set) };
}

function propose(
  { proposals }: ConfigurationServiceOptions,
  principal: Principal,
  { place, summary, client }: ChangeRequest,
  changes: ProposedChange[],
): Promise<ChangeOutcome> {
  return proposals.propose(principal, { place, changes, summary, client });
}

async function mergeFor(
  { store, builtIn = {} }: ConfigurationServiceOptions,
  { team_id, user_id }: Principal,
  { project_id, session_id }: Partial<Omit<SessionPlaces, "team_id" | "owner_id">>,
): Promise<MergedConfiguration> {
  const places = placesOf({ team_id, owner_id: user_id, project_id: project_id ?? "", session_id: session_id ?? "" });
  const layers = await Promise.all(
    places
      .filter(({ scope_id }) => scope_id !== "")
      .map(async (place) => (await store.items(team_id, place)).map((item) => ({ ...item, scope: place.scope }))),
  );
  return mergeConfiguration(withBuiltIn(layers.flat(), builtIn));
}

/** What makes the present into the wanted. */
function changesTo(present: readonly StoredItem[], wanted: readonly ConfigurationItem[]): ItemChange[] {
  const isWanted = (item: StoredItem): boolean =>
    wanted.some(({ kind, name }) => kind === item.kind && name === item.name);
  const gone = present.filter((item) => !isWanted(item)).map(({ kind, name }) => ({ kind, name, value: null }));
  return [...gone, ...wanted.map(({ kind, name, value }) => ({ kind, name, value }))];
}

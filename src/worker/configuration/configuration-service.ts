// Configuration as tools use it: what narrows or says is kept at once, what lets sessions do more becomes a proposal.
import { AppError } from "../../shared/errors/app-error.ts";
import { checkChange, type ConfigurationItem, isWidening, type ItemChange } from "../../shared/configuration/item.ts";
import { type MergedConfiguration, mergeConfiguration } from "../../shared/configuration/merge.ts";
import { type Place, placesOf, type SessionPlaces } from "../../shared/configuration/place.ts";
import { maySee, showVersion } from "../../shared/configuration/visibility-policy.ts";
import { type BuiltInServers, findBuiltIn, withBuiltIn } from "../../shared/mcp-servers/built-in-servers.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ConfigurationStore, StoredItem, VersionRow } from "./configuration-store.ts";
import { refuseTooMuch } from "./place-limits.ts";
import type { PlaceResolver } from "./place-resolver.ts";
import type { ProposalService, Proposed } from "./proposal-service.ts";
import type { ProposedChange } from "./proposal-store.ts";

export type ChangeRequest = {
  place: Place;
  /** As a function where they follow from what is there: it is asked again when that was changed meanwhile. */
  changes: readonly ItemChange[] | ((present: readonly StoredItem[]) => readonly ItemChange[]);
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
    change: (principal, request) =>
      settle(options, principal, request, (change) => widens(options, request.place, change)),
    changeAsPerson: (principal, request) => settle(options, principal, request, () => false),
    merged: (principal, where) => mergeFor(options, principal, where),
    async versions(principal, place, page) {
      const versions = await store.versions(principal.team_id, place, page);
      return versions.map((version) => showVersion(principal, version));
    },
    async restore(principal, { place, version, client }) {
      const wanted = await store.itemsAt(principal.team_id, place, version);
      if (wanted === null) {
        throw new AppError("not_found", `This scope has no version ${version}. list_config_versions shows them.`);
      }
      const changes = (present: readonly StoredItem[]): ItemChange[] => changesTo(present, wanted);
      return this.change(principal, { place, changes, summary: `back to version ${version}`, client });
    },
  };
}

/** Where a team has no MCP server of a name, the one that is given to every team stands. */
function widens({ builtIn = {} }: ConfigurationServiceOptions, { scope }: Place, change: ProposedChange): boolean {
  const { kind, name, before, after } = change;
  const given = kind === "mcp_server" && scope === "team" ? findBuiltIn(builtIn, name) : null;
  return isWidening({ kind, name, value: after ?? given }, before ?? given);
}

/** Others change the same place at the same time seldom, and never for long. */
const MAX_TRIES = 5;

/** Compares, and writes what was compared or nothing: a change that only narrows what is gone by now is compared anew. */
async function settle(
  { store, proposals }: ConfigurationServiceOptions,
  principal: Principal,
  request: ChangeRequest,
  needsPerson: (change: ProposedChange) => boolean,
): Promise<ChangeOutcome> {
  const { place, summary, client } = request;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { version: seen, items } = await store.read(principal.team_id, place);
    const changes = compare(items, request);
    if (changes.length === 0) return { outcome: "unchanged" };
    if (changes.some(needsPerson)) return proposals.propose(principal, { place, changes, summary, client });
    const written = changes.map(({ kind, name, after }) => ({ kind, name, value: after }));
    const set = { teamId: principal.team_id, place, changes: written, summary, changedBy: principal.user_id };
    const version = await store.apply(set, seen);
    if (version !== null) return { outcome: "applied", version };
  }
  const message = "Somebody else is changing this scope's configuration just now. Nothing was changed; try again.";
  throw new AppError("configuration_changed", message);
}

/** The changes that change something, with what is there now. Refuses what does not fit. */
function compare(present: readonly StoredItem[], { place, changes }: ChangeRequest): ProposedChange[] {
  const wanted = typeof changes === "function" ? changes(present) : changes;
  const now = ({ kind, name }: Pick<ItemChange, "kind" | "name">): unknown =>
    present.find((item) => item.kind === kind && item.name === name)?.value ?? null;
  // What stays as it is was taken once, and is not judged again by today's rules.
  const differing = wanted.filter((change) => !isSame(now(change), change.value));
  const proposed = differing.map((change): ProposedChange => {
    const checked = checkChange(place, change);
    if (!checked.ok) throw new AppError("invalid_argument", checked.problem);
    const { kind, name, value } = checked.change;
    return { kind, name, before: now(change), after: value };
  });
  refuseTooMuch(place.scope, present, proposed);
  return proposed.filter(({ before, after }) => !isSame(before, after));
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

async function mergeFor(
  { store, builtIn = {} }: ConfigurationServiceOptions,
  principal: Principal,
  { project_id, session_id }: Partial<Omit<SessionPlaces, "team_id" | "owner_id">>,
): Promise<MergedConfiguration> {
  const { team_id, user_id } = principal;
  const places = placesOf({ team_id, owner_id: user_id, project_id: project_id ?? "", session_id: session_id ?? "" });
  const layers = await Promise.all(
    places
      .filter(({ scope_id }) => scope_id !== "")
      .map(async (place) => (await store.items(team_id, place)).map((item) => ({ ...item, scope: place.scope }))),
  );
  const shown = layers.flat().filter((item) => maySee(principal, item));
  return mergeConfiguration(withBuiltIn(shown, builtIn));
}

/** What makes the present into the wanted. */
function changesTo(present: readonly StoredItem[], wanted: readonly ConfigurationItem[]): ItemChange[] {
  const isWanted = (item: StoredItem): boolean =>
    wanted.some(({ kind, name }) => kind === item.kind && name === item.name);
  const gone = present.filter((item) => !isWanted(item)).map(({ kind, name }) => ({ kind, name, value: null }));
  return [...gone, ...wanted.map(({ kind, name, value }) => ({ kind, name, value }))];
}

// What people do with skills: make them, import them from a zip or a git host, look at them and remove them.
import { AppError } from "../../shared/errors/app-error.ts";
import type { MergedConfiguration } from "../../shared/configuration/merge.ts";
import type { ConfigurationScope, Place } from "../../shared/configuration/place.ts";
import { readArchiveUrl } from "../../shared/skills/archive-url-policy.ts";
import { type Skill, type SkillFile, skillSchema, type SkillSource } from "../../shared/skills/skill-schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ChangeOutcome, ConfigurationService } from "../configuration/configuration-service.ts";
import type { PlaceRequest } from "../configuration/place-resolver.ts";
import { findSkillFiles } from "./find-skill.ts";
import { type NamedSkill, readSkill } from "./read-skill.ts";

export type ScopedSkill = NamedSkill & { scope: ConfigurationScope };

/** Where an import comes from. */
export type ImportFrom =
  | { kind: "zip"; bytes: Uint8Array }
  | { kind: "zip_url"; url: string }
  | { kind: "git"; url: string; ref: string | null };

type Request = { place: PlaceRequest; client: string | null };

export type SkillChanged = { outcome: ChangeOutcome; named: NamedSkill };

export type SkillService = {
  create(principal: Principal, request: Request & { name: string; files: readonly SkillFile[] }): Promise<SkillChanged>;
  /** A skill of that name at that scope is replaced. */
  import(
    principal: Principal,
    request: Request & { name: string | null; folder: string | null; from: ImportFrom },
  ): Promise<SkillChanged>;
  remove(principal: Principal, request: Request & { name: string }): Promise<ChangeOutcome>;
  get(principal: Principal, place: PlaceRequest, name: string): Promise<ScopedSkill>;
  listMerged(merged: MergedConfiguration): ScopedSkill[];
};

export type SkillServiceOptions = {
  configuration: Pick<ConfigurationService, "places" | "items" | "change">;
  /** Through the guard for addresses that people enter. */
  download: (url: string) => Promise<Uint8Array>;
  sha256Hex: (bytes: Uint8Array) => Promise<string>;
};

export function createSkillService(options: SkillServiceOptions): SkillService {
  const { configuration } = options;

  async function findItem(principal: Principal, place: Place, name: string) {
    const items = await configuration.items(place, principal);
    const item = items.find((one) => one.kind === "skill" && one.name === name);
    if (item !== undefined) return item;
    const message = `There is no skill ${name} at this scope. list_skills shows those that are there.`;
    throw new AppError("not_found", message);
  }

  async function find(principal: Principal, request: PlaceRequest, name: string): Promise<ScopedSkill> {
    const place = await configuration.places.find(principal, request);
    const [found] = toScoped({ ...(await findItem(principal, place, name)), scope: place.scope });
    if (found !== undefined) return found;
    const message = `The skill ${name} cannot be read any more and does not count. create_skill replaces it, delete_skill removes it.`;
    throw new AppError("configuration_unreadable", message);
  }

  async function write(principal: Principal, { place: request, client }: Request, named: NamedSkill) {
    const place = await configuration.places.findToChange(principal, request);
    const changes = [{ kind: "skill" as const, name: named.name, value: named.skill }];
    const summary = `set the skill ${named.name}`;
    return { named, outcome: await configuration.change(principal, { place, changes, summary, client }) };
  }

  return {
    create: (principal, { name, files, ...request }) =>
      write(principal, request, readSkill(name, files, { kind: "written" })),
    async import(principal, { name, folder, from, ...request }) {
      const { bytes, source, inner } = await fetchArchive(options, from);
      return write(principal, request, readSkill(name, await findSkillFiles(bytes, folder ?? inner), source));
    },
    async remove(principal, { place: request, name, client }) {
      const place = await configuration.places.findToChange(principal, request);
      await findItem(principal, place, name);
      const changes = [{ kind: "skill" as const, name, value: null }];
      return configuration.change(principal, { place, changes, summary: `remove the skill ${name}`, client });
    },
    get: find,
    listMerged: ({ items }) => items.flatMap(toScoped),
  };
}

type Archive = { bytes: Uint8Array; source: SkillSource; inner: string | null };

async function fetchArchive({ download, sha256Hex }: SkillServiceOptions, from: ImportFrom): Promise<Archive> {
  if (from.kind === "zip") {
    const sha256 = await sha256Hex(from.bytes);
    return { bytes: from.bytes, source: { kind: "zip", url: null, sha256 }, inner: null };
  }
  if (from.kind === "zip_url") {
    const bytes = await download(from.url);
    return { bytes, source: { kind: "zip", url: from.url, sha256: await sha256Hex(bytes) }, inner: null };
  }
  const reading = readArchiveUrl(from.url, from.ref, null);
  if (!reading.ok) throw new AppError("invalid_argument", reading.reason);
  const bytes = await download(reading.place.url);
  const { folder } = reading.place;
  return {
    bytes,
    source: { kind: "git", url: from.url, sha256: await sha256Hex(bytes) },
    inner: folder === "" ? null : folder,
  };
}

function toScoped(item: { kind: string; name: string; value: unknown; scope: ConfigurationScope }): ScopedSkill[] {
  if (item.kind !== "skill") return [];
  const parsed = skillSchema.safeParse(item.value);
  return parsed.success ? [{ name: item.name, scope: item.scope, skill: parsed.data satisfies Skill }] : [];
}

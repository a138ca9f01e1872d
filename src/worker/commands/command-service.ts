// What people do with slash commands: make, change, list and remove them.
import { AppError } from "../../shared/errors/app-error.ts";
import { type Command, commandSchema } from "../../shared/commands/command-schema.ts";
import type { MergedConfiguration } from "../../shared/configuration/merge.ts";
import type { ConfigurationScope, Place } from "../../shared/configuration/place.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ChangeOutcome, ConfigurationService } from "../configuration/configuration-service.ts";
import type { PlaceRequest } from "../configuration/place-resolver.ts";
import { type CommandFields, readCommand } from "./read-command.ts";

export type NamedCommand = { name: string; scope: ConfigurationScope; command: Command };

export type CommandChange = { place: PlaceRequest; name: string; fields: CommandFields; client: string | null };

export type CommandService = {
  create(principal: Principal, change: CommandChange): Promise<ChangeOutcome>;
  update(principal: Principal, change: CommandChange): Promise<ChangeOutcome>;
  remove(principal: Principal, change: Omit<CommandChange, "fields">): Promise<ChangeOutcome>;
  /** Of one scope; throws where there is none of that name. */
  get(principal: Principal, place: PlaceRequest, name: string): Promise<NamedCommand>;
  list(principal: Principal, place: PlaceRequest): Promise<NamedCommand[]>;
  /** Those that a session has; a narrower scope's takes the place of a wider one's. */
  listMerged(merged: MergedConfiguration): NamedCommand[];
};

export type CommandServiceOptions = {
  configuration: Pick<ConfigurationService, "places" | "items" | "change">;
  /** Throws when sessions may not use this model. */
  requireModel: (model: string) => void;
};

export function createCommandService(options: CommandServiceOptions): CommandService {
  const { configuration } = options;

  async function find(principal: Principal, place: Place, name: string): Promise<Found> {
    const items = await configuration.items(place, principal);
    const item = items.find(({ kind, name: own }) => kind === "command" && own === name);
    if (item === undefined) return null;
    const parsed = commandSchema.safeParse(item.value);
    return parsed.success ? parsed.data : "unreadable";
  }

  async function write(principal: Principal, change: CommandChange, place: Place, before: Command | null) {
    const command = readCommand(change.name, change.fields, before);
    if (command.model !== null) options.requireModel(command.model);
    const summary = `${before === null ? "add" : "change"} the command /${change.name}`;
    const changes = [{ kind: "command" as const, name: change.name, value: command }];
    return configuration.change(principal, { place, changes, summary, client: change.client });
  }

  return {
    async create(principal, change) {
      const place = await configuration.places.findToChange(principal, change.place);
      const before = await find(principal, place, change.name);
      if (before !== null && before !== "unreadable") {
        throw new AppError(
          "invalid_argument",
          `There is a command /${change.name} already. update_slash_command changes it.`,
        );
      }
      return write(principal, change, place, null);
    },
    async update(principal, change) {
      const place = await configuration.places.findToChange(principal, change.place);
      const before = requireReadable(change.name, await find(principal, place, change.name));
      return write(principal, change, place, before);
    },
    async remove(principal, { place: request, name, client }) {
      const place = await configuration.places.findToChange(principal, request);
      if ((await find(principal, place, name)) === null) throw notFound(name);
      const changes = [{ kind: "command" as const, name, value: null }];
      return configuration.change(principal, { place, changes, summary: `remove the command /${name}`, client });
    },
    async get(principal, request, name) {
      const place = await configuration.places.find(principal, request);
      const command = requireReadable(name, await find(principal, place, name));
      return { name, scope: place.scope, command };
    },
    async list(principal, request) {
      const place = await configuration.places.find(principal, request);
      const items = await configuration.items(place, principal);
      return items.flatMap((item) => toNamed({ ...item, scope: place.scope }));
    },
    listMerged: ({ items }) => items.flatMap(toNamed),
  };
}

function toNamed(item: { kind: string; name: string; value: unknown; scope: ConfigurationScope }): NamedCommand[] {
  if (item.kind !== "command") return [];
  const parsed = commandSchema.safeParse(item.value);
  return parsed.success ? [{ name: item.name, scope: item.scope, command: parsed.data }] : [];
}

type Found = Command | "unreadable" | null;

function requireReadable(name: string, found: Found): Command {
  if (found === null) throw notFound(name);
  if (found !== "unreadable") return found;
  const message = `The command /${name} cannot be read any more and does not count. create_slash_command replaces it, delete_slash_command removes it.`;
  throw new AppError("configuration_unreadable", message);
}

function notFound(name: string): AppError {
  return new AppError(
    "not_found",
    `There is no command /${name} at this scope. list_slash_commands shows those that are there.`,
  );
}

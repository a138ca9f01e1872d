// What people do with hooks: see, change and try those that are configured.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import type { ItemChange } from "../../shared/configuration/item.ts";
import type { ConfigurationScope } from "../../shared/configuration/place.ts";
import type { MergedConfiguration } from "../../shared/configuration/merge.ts";
import { HOOK_EVENT_NAMES, type HookEventName } from "../../shared/hooks/hook-events.ts";
import { type Hook, type HooksConfig, hooksConfigSchema } from "../../shared/hooks/hook-schema.ts";
import { addHooks, hooksDoubts } from "../../shared/hooks/hooks-kind.ts";
import { sampleEvent } from "../../shared/hooks/sample-event.ts";
import { readHooks } from "../../shared/hooks/short-form.ts";
import type { HookTrialResult } from "../../shared/rpc/runner-workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ChangeOutcome, ConfigurationService } from "../configuration/configuration-service.ts";
import type { PlaceRequest } from "../configuration/place-resolver.ts";
import type { ProjectPlace } from "../projects/project-service.ts";
import type { HookTester } from "./hook-tester.ts";

/** `number` counts a scope's hooks from 1, in the order in which they stand there. */
export type ConfiguredHook = {
  scope: ConfigurationScope;
  number: number;
  event: HookEventName;
  matcher: string | null;
  hook: Hook;
};

export type HookUpdate = {
  place: PlaceRequest;
  /** Either form; null for none. */
  hooks: unknown;
  /** Beside those that are there, or in their place. */
  add: boolean;
  client: string | null;
  summary: string;
};

export type HookTest = {
  place: PlaceRequest;
  number: number;
  input: Record<string, unknown>;
  project: ProjectPlace;
};

export type HookService = {
  /** One scope's. */
  list(principal: Principal, place: PlaceRequest): Promise<ConfiguredHook[]>;
  /** All that a session has, by the scope that they come from. */
  listMerged(merged: MergedConfiguration): ConfiguredHook[];
  /** `doubts`: what of the new hooks cannot be told before they run. */
  update(principal: Principal, update: HookUpdate): Promise<{ outcome: ChangeOutcome; doubts: string[] }>;
  test(principal: Principal, test: HookTest): Promise<{ tried: ConfiguredHook; trial: HookTrialResult }>;
};

export type HookServiceOptions = {
  configuration: Pick<ConfigurationService, "places" | "items" | "change">;
  tester: HookTester;
};

export function createHookService(options: HookServiceOptions): HookService {
  return {
    list: (principal, place) => list(options, principal, place),
    listMerged: ({ items }) =>
      items
        .filter(({ kind }) => kind === "hooks")
        .flatMap(({ scope, value }) => number(scope, hooksConfigSchema.parse(value))),
    update: (principal, update) => change(options, principal, update),
    async test(principal, { place, number: wanted, input, project }) {
      const tried = (await list(options, principal, place)).find((hook) => hook.number === wanted);
      if (tried === undefined) {
        throw new AppError("not_found", `This scope has no hook ${wanted}. get_hooks_config lists them by number.`);
      }
      const { event, matcher, hook } = tried;
      const group = { ...(matcher !== null && { matcher }), hooks: [hook] };
      const trial = await options.tester(principal, project, { event, group, input: sampleEvent(event, input) });
      return { tried, trial: unwrap(trial) };
    },
  };
}

async function list(
  { configuration }: HookServiceOptions,
  principal: Principal,
  request: PlaceRequest,
): Promise<ConfiguredHook[]> {
  const place = await configuration.places.find(principal, request);
  return number(place.scope, hooksOf(await configuration.items(place, principal)));
}

async function change(
  { configuration }: HookServiceOptions,
  principal: Principal,
  { place: request, hooks, add, client, summary }: HookUpdate,
): Promise<{ outcome: ChangeOutcome; doubts: string[] }> {
  const reading = readHooks(hooks ?? {});
  if (!reading.ok) throw new AppError("invalid_argument", reading.reason);
  const place = await configuration.places.findToChange(principal, request);
  const changes = (present: readonly { kind: string; value: unknown }[]): ItemChange[] => {
    const wanted = addHooks([add ? hooksOf(present) : {}, reading.hooks]);
    return [{ kind: "hooks", name: "hooks", value: Object.keys(wanted).length === 0 ? null : wanted }];
  };
  const outcome = await configuration.change(principal, { place, changes, summary, client });
  return { outcome, doubts: hooksDoubts(reading.hooks) };
}

function hooksOf(items: readonly { kind: string; value: unknown }[]): HooksConfig {
  const item = items.find(({ kind }) => kind === "hooks");
  if (item === undefined) return {};
  const parsed = hooksConfigSchema.safeParse(item.value);
  return parsed.success ? parsed.data : {};
}

function number(scope: ConfigurationScope, hooks: HooksConfig): ConfiguredHook[] {
  const all = HOOK_EVENT_NAMES.flatMap((event) =>
    (hooks[event] ?? []).flatMap(({ matcher = null, hooks: some }) => some.map((hook) => ({ event, matcher, hook }))),
  );
  return all.map((hook, index) => ({ scope, number: index + 1, ...hook }));
}

// Hooks as a piece of configuration: which change of them lets sessions do more, and how those of all scopes add up.
import { judgeHook } from "./hook-danger.ts";
import { HOOK_EVENT_NAMES, type HookEventName, traitsOf } from "./hook-events.ts";
import type { Hook, HookGroup, HooksConfig } from "./hook-schema.ts";

/** What is wrong with the hooks beyond their format; null for nothing. */
export function hooksProblem(hooks: HooksConfig): string | null {
  for (const { event, hook } of listHooks(hooks)) {
    const [reason] = judgeHook(hook).refused;
    if (reason !== undefined) {
      return `The hook for ${event} is refused: ${reason}. Its command begins with ${JSON.stringify(beginning(hook))}.`;
    }
  }
  return null;
}

/** What of the hooks cannot be read completely: a person who agrees to them should know. */
export function hooksDoubts(hooks: HooksConfig): string[] {
  const doubts = listHooks(hooks).flatMap(({ event, hook }) => {
    const { unclear } = judgeHook(hook);
    return unclear === null ? [] : [`${event}: not all that it does can be told, for ${unclear}.`];
  });
  return [...new Set(doubts)];
}

/** A hook that is added runs something; one that goes and could stop Claude was a guard. */
export function widensHooks(before: HooksConfig | null, after: HooksConfig | null): boolean {
  const was = identities(before ?? {}, () => true);
  const is = identities(after ?? {}, () => true);
  const guards = identities(before ?? {}, (event) => traitsOf(event).onBlock === "stops");
  return [...is].some((one) => !was.has(one)) || [...guards].some((one) => !is.has(one));
}

/** All scopes' hooks run, the wide ones first. */
export function addHooks(all: readonly HooksConfig[]): HooksConfig {
  const groups = HOOK_EVENT_NAMES.map((event): [HookEventName, HookGroup[]] => [
    event,
    all.flatMap((one) => one[event] ?? []),
  ]);
  return Object.fromEntries(groups.filter(([, some]) => some.length > 0));
}

export function listHookUrls(hooks: HooksConfig): string[] {
  return [...new Set(listHooks(hooks).flatMap(({ hook }) => (hook.type === "http" ? [hook.url] : [])))];
}

type Placed = { event: HookEventName; matcher: string; hook: Hook };

function listHooks(hooks: HooksConfig): Placed[] {
  return HOOK_EVENT_NAMES.flatMap((event) =>
    (hooks[event] ?? []).flatMap(({ matcher = "", hooks: some }) => some.map((hook) => ({ event, matcher, hook }))),
  );
}

function identities(hooks: HooksConfig, isMeant: (event: HookEventName) => boolean): Set<string> {
  return new Set(listHooks(hooks).flatMap((placed) => (isMeant(placed.event) ? [JSON.stringify(placed)] : [])));
}

function beginning(hook: Hook): string {
  return hook.type === "http" ? hook.url.slice(0, 60) : hook.command.slice(0, 60);
}

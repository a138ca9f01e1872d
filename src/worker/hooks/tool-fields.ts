// What the hook tools share: how a configured hook is shown, and where it is configured.
import { z } from "zod";
import { CONFIGURATION_SCOPES } from "../../shared/configuration/place.ts";
import { HOOK_EVENT_NAMES } from "../../shared/hooks/hook-events.ts";
import { outcomeSchema, showOutcome } from "../configuration/tool-fields.ts";
import type { ConfiguredHook, HookService } from "./hook-service.ts";

export const configuredHookSchema = z.object({
  scope: z.enum(CONFIGURATION_SCOPES),
  number: z.int().describe("Counts the scope's hooks from 1; test_hook takes it."),
  event: z.enum(HOOK_EVENT_NAMES),
  matcher: z.string().nullable(),
  hook: z.record(z.string(), z.unknown()).describe("The hook in Claude Code's format."),
});

export function showHook({ hook, ...rest }: ConfiguredHook): z.input<typeof configuredHookSchema> {
  return { ...rest, hook: { ...hook } };
}

export const hooksOutcomeSchema = outcomeSchema.extend({
  doubts: z.array(z.string()).describe("What cannot be told of the commands before they run: tell the person."),
});

export function showHooksOutcome({
  outcome,
  doubts,
}: Awaited<ReturnType<HookService["update"]>>): z.input<typeof hooksOutcomeSchema> {
  return { ...showOutcome(outcome), doubts };
}

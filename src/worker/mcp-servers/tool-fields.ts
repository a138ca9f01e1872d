// Fields that the tools for MCP servers share, and how their outcome is shown.
import { z } from "zod";
import type { Place } from "../../shared/configuration/place.ts";
import { serverNameSchema } from "../../shared/mcp-servers/server-schema.ts";
import { projectNameSchema } from "../../shared/projects/schema.ts";
import { placeFields, showOutcome } from "../configuration/tool-fields.ts";
import type { Kept } from "./server-service.ts";
import type { TestResult } from "./server-tester.ts";

export const serverFields = { ...placeFields, name: serverNameSchema.describe("The server's name.") };

export const keepFields = {
  keep_if_failing: z.boolean().default(false).describe("Keep it although the test of its connection failed."),
};

export const testProjectField = projectNameSchema
  .optional()
  .describe("For a stdio server of scope user or team: the project in whose sandbox it is started. Default: default.");

export const testSchema = z.object({
  tested: z.boolean().describe("False when nothing could be tested yet; message says why."),
  ok: z.boolean(),
  tools: z.array(z.string()).describe("The names of its tools, as it says them."),
  problem: z.string().nullable(),
  message: z.string().nullable(),
});

export const keptSchema = z.object({
  status: z
    .enum(["added", "unchanged", "proposed", "failed"])
    .describe("`proposed`: a person confirms it at confirm_url first. `failed`: the test failed and nothing was kept."),
  confirm_url: z.string().nullable().describe("Show it to the person: they sign in there and see what would change."),
  expires_at: z.string().nullable(),
  test: testSchema,
  secrets: z
    .array(z.string())
    .describe(
      "Values that were taken out of the definition and are kept encrypted, by the names that stand there now.",
    ),
  sign_in_url: z.string().nullable().describe("Where the person signs in at the server, when it asks for that."),
});

export function showTest({ tools, ...test }: TestResult): z.input<typeof testSchema> {
  return { ...test, tools: tools.slice(0, 200) };
}

export function showKept({ outcome, test, secrets }: Kept, signInUrl: string): z.input<typeof keptSchema> {
  const shown = outcome === null ? null : showOutcome(outcome);
  const status = shown === null ? "failed" : shown.outcome === "applied" ? "added" : shown.outcome;
  return {
    status,
    confirm_url: shown?.confirm_url ?? null,
    expires_at: shown?.expires_at ?? null,
    test: showTest(test),
    secrets,
    sign_in_url: test.problem === "needs_sign_in" ? signInUrl : null,
  };
}

export type PageUrls = { signIn(place: Place, name: string): string; secrets(place: Place): string };

export function createPageUrls(publicUrl: string): PageUrls {
  const pathOf = ({ scope, scope_id }: Place): string => `${scope}/${scope_id}`;
  return {
    signIn: (place, name) => `${publicUrl}/mcp-servers/${pathOf(place)}/${name}`,
    secrets: (place) => `${publicUrl}/secrets/${pathOf(place)}`,
  };
}

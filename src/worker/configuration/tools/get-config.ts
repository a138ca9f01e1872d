// get_config: what sessions are configured by, and where each item comes from.
import { z } from "zod";
import { CONFIGURATION_SCOPES } from "../../../shared/configuration/place.ts";
import { uuidSchema } from "../../../shared/ids.ts";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { mergedFor } from "../merged-for.ts";

const scopeSchema = z.enum(CONFIGURATION_SCOPES);

export const getConfig = defineTool({
  name: "get_config",
  title: "Show the configuration",
  description:
    "Shows what a session is configured by, merged from team, user, project and session, the narrower winning item by " +
    "item: instructions, settings, environment, rules, ceiling. Each item says which scope it comes from.",
  scope: "configuration:read",
  toolset: "configuration",
  input: z.strictObject({
    project: projectNameSchema.optional().describe("Also what this project has."),
    session_id: uuidSchema.optional().describe("Also what this session and its project have."),
  }),
  output: z.object({
    items: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        scope: scopeSchema,
        value: z.unknown(),
        overrides: z.array(scopeSchema).describe("Wider scopes whose item of this name does not count."),
      }),
    ),
    unreadable: z.array(z.object({ scope: scopeSchema, kind: z.string(), name: z.string(), problem: z.string() })),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: ({ project, session_id }, { principal, services }) =>
    mergedFor(services, principal, { project: project ?? null, session_id: session_id ?? null }),
});

// update_config: instructions, settings, environment, the ceiling and what counts of a repository, at one scope.
import { z } from "zod";
import { SETTINGS } from "../../../shared/configuration/kinds/setting.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { outcomeSchema, placeFields, showOutcome, toPlaceRequest } from "../tool-fields.ts";

const KINDS = ["memory", "setting", "environment", "ceiling", "repository", "model_price"] as const;

export const updateConfig = defineTool({
  name: "update_config",
  title: "Change the configuration",
  description:
    "Sets or removes one item of the configuration that sessions are started with. What lets sessions do more than " +
    "before is only proposed: a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "configuration",
  input: z.strictObject({
    ...placeFields,
    kind: z
      .enum(KINDS)
      .describe(
        "`memory`: the text of CLAUDE.md. `setting`: one of Claude Code's settings. `environment`: a variable, not secret. " +
          "`ceiling`: {permission_mode?, allowed_tools?}. `repository`: {instructions?, hooks?, mcp_servers?}, what of the repository's own .claude/ counts. " +
          "`model_price`: {input, output, cache_read, cache_write_5m, cache_write_1h, web_search?, as_of, source} in US dollars a million tokens, of the model `name`; scope team.",
      ),
    name: z
      .string()
      .max(200)
      .optional()
      .describe(`For a setting one of ${Object.keys(SETTINGS).join(", ")}; for environment the variable's name.`),
    value: z.json().describe("The new value; null removes the item, so that a wider scope's counts."),
  }),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ kind, name, value, ...place }, { principal, clientId, services }) {
    const key = { kind, name: name ?? kind };
    const outcome = await services.configuration.change(principal, {
      place: await services.configuration.places.findToChange(principal, toPlaceRequest(place)),
      changes: [{ ...key, value }],
      summary: `${value === null ? "remove" : "set"} ${kind}${name === undefined ? "" : ` ${name}`}`,
      client: clientId,
    });
    return showOutcome(outcome);
  },
});

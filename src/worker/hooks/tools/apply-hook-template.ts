// apply_hook_template: adds a ready-made hook to one scope.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { findTemplate, HOOK_TEMPLATES } from "../../../shared/hooks/templates/library.ts";
import { fillTemplate, templateValuesSchema } from "../../../shared/hooks/templates/template.ts";
import { placeFields, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { hooksOutcomeSchema, showHooksOutcome } from "../tool-fields.ts";

export const applyHookTemplate = defineTool({
  name: "apply_hook_template",
  title: "Apply a hook template",
  description:
    "Adds a ready-made hook beside those that one scope has. It is proposed: a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "hooks",
  input: z.strictObject({
    ...placeFields,
    template: z.string().max(100).describe("The template's name, as list_hook_templates gives it."),
    parameters: templateValuesSchema.default({}).describe("Values for its parameters; the others keep their defaults."),
  }),
  output: hooksOutcomeSchema.extend({ hooks: z.record(z.string(), z.unknown()).describe("What was added.") }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ template: id, parameters, ...place }, { principal, clientId, services }) {
    const template = findTemplate(id);
    if (template === null) {
      const known = HOOK_TEMPLATES.map((one) => one.id).join(", ");
      throw new AppError("invalid_argument", `There is no such template. Templates: ${known}.`);
    }
    const filled = fillTemplate(template, parameters);
    if (!filled.ok) throw new AppError("invalid_argument", filled.reason);
    const { hooks } = filled;
    const summary = `add the hook template ${template.id}`;
    const update = { place: toPlaceRequest(place), hooks, add: true, client: clientId, summary };
    return { ...showHooksOutcome(await services.hooks.update(principal, update)), hooks };
  },
});

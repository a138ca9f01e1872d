// delete_skill: removes a skill from one scope.
import { z } from "zod";
import { outcomeSchema, placeFields, showOutcome, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { skillNameField } from "../tool-fields.ts";

export const deleteSkill = defineTool({
  name: "delete_skill",
  title: "Delete a skill",
  description: "Removes a skill from one scope. A wider scope's skill of that name counts again.",
  scope: "configuration:write",
  toolset: "skills",
  input: z.strictObject({ ...placeFields, name: skillNameField }),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ name, ...place }, { principal, clientId, services }) {
    return showOutcome(
      await services.skills.remove(principal, { place: toPlaceRequest(place), name, client: clientId }),
    );
  },
});

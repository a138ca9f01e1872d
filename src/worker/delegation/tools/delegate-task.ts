// delegate_task: gives Claude Code a task of a known kind, with the instructions, tools and answer that go with it.
import { z } from "zod";
import { TASK_TYPES, TASKS } from "../../../shared/delegation/tasks.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { descriptionField, placeFields, startedSchema, startTask } from "../tool-fields.ts";

const kinds = TASK_TYPES.map((type) => {
  const names = Object.keys(TASKS[type].parameters.shape).join(", ");
  return `${type} {${names}}: ${TASKS[type].description}`;
}).join(" ");

export const delegateTask = defineTool({
  name: "delegate_task",
  title: "Delegate a task",
  description: `Gives Claude Code a task of a known kind and answers at once; get_delegated_task has the answer, held to its kind. ${kinds}`,
  scope: "sessions:write",
  toolset: "delegation",
  input: z.strictObject({
    type: z.enum(TASK_TYPES).describe("The kind of task."),
    description: descriptionField,
    parameters: z.record(z.string(), z.json()).default({}).describe("What the kind takes, each of it optional."),
    ...placeFields,
  }),
  output: startedSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  run: ({ type, description, parameters, ...place }, context) =>
    startTask({ type, description, parameters }, place, context),
});

// list_hook_templates: ready-made hooks, with what has to be filled in.
import { z } from "zod";
import { HOOK_EVENT_NAMES } from "../../../shared/hooks/hook-events.ts";
import { HOOK_TEMPLATES } from "../../../shared/hooks/templates/library.ts";
import { PARAMETER_KINDS } from "../../../shared/hooks/templates/template.ts";
import { defineTool } from "../../mcp/define-tool.ts";

const CATEGORIES = ["quality", "safety", "notification", "audit", "git", "context"] as const;

export const listHookTemplates = defineTool({
  name: "list_hook_templates",
  title: "List hook templates",
  description: "Lists ready-made hooks, what each does, and its parameters. apply_hook_template adds one.",
  scope: "configuration:read",
  toolset: "hooks",
  input: z.strictObject({ category: z.enum(CATEGORIES).optional().describe("Only those of one kind.") }),
  output: z.object({
    templates: z.array(
      z.object({
        template: z.string().describe("Its name for apply_hook_template."),
        title: z.string(),
        description: z.string(),
        category: z.enum(CATEGORIES),
        event: z.enum(HOOK_EVENT_NAMES),
        parameters: z.array(
          z.object({
            name: z.string(),
            kind: z.enum(PARAMETER_KINDS),
            description: z.string(),
            default: z.string().nullable().describe("Null: it has to be given."),
          }),
        ),
      }),
    ),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ category }) {
    const chosen = HOOK_TEMPLATES.filter((template) => category === undefined || template.category === category);
    return {
      templates: chosen.map(({ id, title, description, category: kind, event, parameters }) => ({
        template: id,
        title,
        description,
        category: kind,
        event,
        parameters: parameters.map((parameter) => ({ ...parameter })),
      })),
    };
  },
});

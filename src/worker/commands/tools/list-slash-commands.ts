// list_slash_commands: ours, the repository's and Claude Code's own.
import { z } from "zod";
import { placeFields } from "../../configuration/tool-fields.ts";
import { mergedFor } from "../../configuration/merged-for.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { branchField } from "../../projects/tool-fields.ts";

const SOURCES = ["team", "user", "project", "session", "repository", "claude_code"] as const;

const listedSchema = z.object({
  name: z.string(),
  source: z.enum(SOURCES),
  description: z.string().nullable(),
  category: z.string().nullable(),
  argument_hint: z.string().nullable(),
  allowed_tools: z.array(z.string()),
});
type Listed = z.infer<typeof listedSchema>;

const bare = { description: null, category: null, argument_hint: null, allowed_tools: [] };

export const listSlashCommands = defineTool({
  name: "list_slash_commands",
  title: "List slash commands",
  description:
    "Lists slash commands by category. Ours are merged from team, user, project and session. With a project also those of " +
    "the repository's .claude/commands, which starts its sandbox; with a session also what its Claude Code brings itself.",
  scope: "configuration:read",
  toolset: "commands",
  input: z.strictObject({
    project: placeFields.project.describe("Also the project's, and those that its repository brings."),
    branch: branchField,
    session_id: placeFields.session_id.describe(
      "Also the session's, and Claude Code's own as it named them when it started.",
    ),
    category: z.string().max(64).optional().describe("Only ours of this category."),
    source: z.enum(SOURCES).optional().describe("Only those from there."),
  }),
  output: z.object({
    commands: z.array(listedSchema),
    categories: z.array(z.object({ category: z.string().nullable(), commands: z.int() })),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ project, branch, session_id, category, source }, { principal, services }) {
    const merged = await mergedFor(services, principal, { project: project ?? null, session_id: session_id ?? null });
    const ours = services.commands.listMerged(merged).map(({ name, scope, command }): Listed => {
      const { description, category: own, argument_hint, allowed_tools } = command;
      return { name, source: scope, description, category: own, argument_hint, allowed_tools };
    });
    const wantsRepository = project !== undefined && (source ?? "repository") === "repository";
    const place = { project: project ?? null, branch: branch ?? null };
    const repository = wantsRepository ? await services.otherCommands.ofRepository(principal, place) : [];
    const started = session_id === undefined ? [] : await services.otherCommands.ofSession(principal, session_id);
    const known = new Set([...ours, ...repository].map(({ name }) => name));
    const all: Listed[] = [
      ...ours,
      ...repository.map((command) => ({ ...bare, ...command, source: "repository" as const })),
      ...started.filter((name) => !known.has(name)).map((name) => ({ ...bare, name, source: "claude_code" as const })),
    ];
    const commands = all
      .filter(
        (command) =>
          (source ?? command.source) === command.source && (category ?? command.category) === command.category,
      )
      .sort(byCategory);
    return { commands, categories: countCategories(commands) };
  },
});

/** What has no category comes last. */
function byCategory(left: Listed, right: Listed): number {
  const key = ({ category, name }: Listed) => `${category === null ? 1 : 0} ${category ?? ""} ${name}`;
  return key(left) < key(right) ? -1 : 1;
}

function countCategories(commands: readonly Listed[]): { category: string | null; commands: number }[] {
  const counts = new Map<string | null, number>();
  for (const { category } of commands) counts.set(category, (counts.get(category) ?? 0) + 1);
  return [...counts].map(([category, count]) => ({ category, commands: count }));
}

// Slash commands as a piece of configuration: which change lets sessions do more, and the file that Claude Code reads.
import type { ConfigurationFile } from "../configuration/session-configuration.ts";
import { writeFrontMatter } from "../front-matter/write-front-matter.ts";
import { type Command, commandNameSchema } from "./command-schema.ts";
import { addsInlineShell, inlineShellProblem } from "./inline-shell-policy.ts";

export function commandNameProblem(name: string): string | null {
  const parsed = commandNameSchema.safeParse(name);
  return parsed.success ? null : `The command's name ${parsed.error.issues[0]?.message ?? "does not fit"}.`;
}

export function commandProblem({ body }: Command): string | null {
  return inlineShellProblem(body, "The command");
}

/** Text alone is what anybody may send as a prompt; tools without a question, and a shell before the prompt, are more. */
export function widensCommand(before: Command | null, after: Command | null): boolean {
  if (after === null) return false;
  const wasAllowed = new Set(before?.allowed_tools);
  return after.allowed_tools.some((rule) => !wasAllowed.has(rule)) || addsInlineShell(before?.body ?? "", after.body);
}

export function commandFile(name: string, command: Command): ConfigurationFile {
  const content = writeFrontMatter(
    {
      description: command.description,
      "argument-hint": command.argument_hint,
      "allowed-tools": command.allowed_tools.length === 0 ? null : command.allowed_tools.join(", "),
      model: command.model,
    },
    command.body,
  );
  return { path: `commands/${name.replaceAll(":", "/")}.md`, content, encoding: "utf8", executable: false };
}

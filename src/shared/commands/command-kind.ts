// Slash commands as a piece of configuration: which change lets sessions do more, and the file that Claude Code reads.
import type { ConfigurationFile } from "../configuration/session-configuration.ts";
import { writeFrontMatter } from "../front-matter/write-front-matter.ts";
import { judgeCommandLine } from "../hooks/hook-danger.ts";
import { readBody } from "./command-body.ts";
import { type Command, commandNameSchema } from "./command-schema.ts";

export function commandNameProblem(name: string): string | null {
  const parsed = commandNameSchema.safeParse(name);
  return parsed.success ? null : `The command's name ${parsed.error.issues[0]?.message ?? "does not fit"}.`;
}

/** A command that runs shell commands by itself is held to what hooks are held to. */
export function commandProblem({ body }: Command): string | null {
  for (const shell of readBody(body).shell) {
    const [reason] = judgeCommandLine(shell).refused;
    if (reason !== undefined)
      return `The command is refused: ${reason}. It would run ${JSON.stringify(shell.slice(0, 60))}.`;
  }
  return null;
}

/** Text alone is what anybody may send as a prompt; tools without a question, and a shell before the prompt, are more. */
export function widensCommand(before: Command | null, after: Command | null): boolean {
  if (after === null) return false;
  const wasAllowed = new Set(before?.allowed_tools);
  const wasRun = new Set(before === null ? [] : readBody(before.body).shell);
  return (
    after.allowed_tools.some((rule) => !wasAllowed.has(rule)) ||
    readBody(after.body).shell.some((shell) => !wasRun.has(shell))
  );
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

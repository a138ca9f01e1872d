// Shell commands that a command's or a skill's text runs by itself are held to what hooks are held to.
import { judgeCommandLine } from "../hooks/hook-danger.ts";
import { readBody } from "./command-body.ts";

/** Each is read by the grammar. */
const MAX_SHELL_COMMANDS = 50;

/** What is wrong with those of the text; null for nothing. `what` begins the sentence, as in "The command". */
export function inlineShellProblem(body: string, what: string): string | null {
  const { shell } = readBody(body);
  if (shell.length > MAX_SHELL_COMMANDS)
    return `${what} runs more than ${MAX_SHELL_COMMANDS} shell commands by itself.`;
  for (const command of shell) {
    const [reason] = judgeCommandLine(command).refused;
    if (reason !== undefined)
      return `${what} is refused: ${reason}. It would run ${JSON.stringify(command.slice(0, 60))}.`;
  }
  return null;
}

/** True when the text runs what the one before did not. */
export function addsInlineShell(before: string, after: string): boolean {
  const was = new Set(readBody(before).shell);
  return readBody(after).shell.some((command) => !was.has(command));
}

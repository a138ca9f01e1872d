// Whether auto rules let a shell command run: every simple command in it has to be covered, and nothing else may happen.
import { type ParsedCommand, programName, type SimpleCommand } from "./bash/parsed-command.ts";
import type { CallSubject, NamedFile } from "./call-subject.ts";
import { coversSimpleCommand, coversWrite } from "./rules/match-rule.ts";
import type { ScopedRule } from "./scoped-rule.ts";

export type CommandJudgement = { behavior: "allow" | "ask"; by: ScopedRule; says: string };

/** Null when the auto rules say nothing of it. */
export function judgeCommand(
  rules: readonly ScopedRule[],
  subject: CallSubject,
  command: ParsedCommand,
): CommandJudgement | null {
  const [first] = rules.filter(({ rule }) => rule?.argument.kind === "command");
  if (first === undefined) return null;
  if (!command.understood || subject.isShortened) {
    return ask(
      first,
      `cannot be held against this command: ${command.why ?? "a part of it was too long to be looked at"}`,
    );
  }
  const covering = listCovering(rules, command.commands);
  const by = covering?.[0];
  if (covering === null || by === undefined) return null;
  const obstacle = command.hazards[0] ?? writeObstacle(rules, subject);
  if (obstacle !== null) return ask(by, `lets the programs run, but a person has to agree: ${obstacle}`);
  const sources = [...new Set(covering.map((rule) => rule.source))];
  const others = sources.length > 1 ? `, with ${sources.slice(1).join(", ")},` : "";
  return { behavior: "allow", by, says: `lets this command run${others}: ${listPrograms(command)}` };
}

/** The rule for each simple command; null as soon as one has none. */
function listCovering(rules: readonly ScopedRule[], commands: readonly SimpleCommand[]): ScopedRule[] | null {
  const covering: ScopedRule[] = [];
  for (const command of commands) {
    const by = rules.find(({ rule }) => rule !== null && coversSimpleCommand(rule, command));
    if (by !== undefined) covering.push(by);
    else if (!command.transparent) return null;
  }
  return covering;
}

/** Writing a file is not what a rule for the command says; a rule for editing that file is. */
function writeObstacle(rules: readonly ScopedRule[], subject: CallSubject): string | null {
  const isCovered = (file: NamedFile): boolean =>
    rules.some(({ rule }) => rule !== null && coversWrite(rule, file, subject));
  const isWriting = subject.files.some((file) => file.access === "write" && !isCovered(file));
  return isWriting ? "it writes to a file, and no Edit rule covers that file" : null;
}

function listPrograms(command: ParsedCommand): string {
  const names = [...new Set(command.commands.map(programName))];
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and others` : names.join(", ");
}

function ask(by: ScopedRule, says: string): CommandJudgement {
  return { behavior: "ask", by, says };
}

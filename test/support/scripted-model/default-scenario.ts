// What the scripted model answers where no scenario says otherwise: it says what it is, and writes a file when asked to.
import type { ModelRequest, Position } from "./conversation.ts";
import { findWorkingDirectory } from "./conversation.ts";
import { type Step, callTool, say } from "./scenario.ts";

const WHO = "This is Berth's scripted model, not Claude.";

export function answerByDefault(request: ModelRequest, position: Position): Step {
  if (position.isFollowUp) return [say(`${WHO} The background task has ended.`)];
  const file = /\bwrite (?:a )?(?:new )?(?:file )?(?:named |called )?[`"']?([\w./-]*\w\.\w+)/i.exec(
    position.prompt,
  )?.[1];
  const directory = findWorkingDirectory(request);
  if (file !== undefined && directory !== null) return writeFile(file, directory, position);
  const prompt = position.prompt.length > 200 ? `${position.prompt.slice(0, 200)}…` : position.prompt;
  return [
    say(
      `${WHO} The prompt arrived: "${prompt}". Ask it to write a file, for example "write hello.txt", or set ANTHROPIC_API_KEY to talk to Claude.`,
    ),
  ];
}

function writeFile(file: string, directory: string, position: Position): Step {
  if (position.step > 0) return [say(`${WHO} It asked Claude Code to write ${file}; what came of it stands above.`)];
  const path = file.startsWith("/") ? file : `${directory.replace(/\/$/, "")}/${file}`;
  return [
    say(`${WHO} It writes ${file}.`),
    callTool("Write", { file_path: path, content: `Written by Berth's scripted model.\nPrompt: ${position.prompt}\n` }),
  ];
}

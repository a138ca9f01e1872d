// The Worker's settings and secrets as an env file for wrangler: never on a command line, never in the repository.
import { renameSync, writeFileSync } from "node:fs";
import { AppError } from "../src/shared/errors/app-error.ts";

/** Names must be in wrangler.toml's [vars] or required secrets, else wrangler leaves them out. */
export function writeWorkerEnv(path: string, values: Record<string, string>): void {
  writeFileSync(`${path}.new`, formatEnvFile(values), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function formatEnvFile(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join("");
}

function quote(name: string, value: string): string {
  if (/['\\\r\n]/.test(value)) {
    throw new AppError(
      "invalid_argument",
      `${name} holds a quote, backslash or line break, which cannot be passed on.`,
    );
  }
  // wrangler expands $NAME in single quotes too, unless it is escaped.
  return `'${value.replaceAll("$", String.raw`\$`)}'`;
}

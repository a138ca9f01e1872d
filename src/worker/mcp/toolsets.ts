// Toolsets: which of the tools that exist a connection is shown, chosen by `?toolsets=` in the URL.
import { AppError } from "../../shared/errors/app-error.ts";

export const TOOLSETS = [
  "sessions",
  "projects",
  "runtime",
  "archive",
  "attachments",
  "checkpoints",
  "configuration",
  "permissions",
  "mcp_servers",
  "hooks",
  "commands",
  "skills",
  "agents",
  "delegation",
  "accounting",
  "audit",
] as const;
export type Toolset = (typeof TOOLSETS)[number];

/** Small on purpose: each tool costs a model's attention. */
export const DEFAULT_TOOLSETS: readonly Toolset[] = ["sessions", "projects"];

/** Reads `?toolsets=sessions,projects` or `all`; absent means the default. */
export function readToolsets(text: string | null): readonly Toolset[] {
  if (text === null || text.trim() === "") return DEFAULT_TOOLSETS;
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("all")) return TOOLSETS;
  if (!names.every(isToolset)) {
    throw new AppError(
      "invalid_argument",
      `There is no such toolset. Choose from ${TOOLSETS.join(", ")}, or all: /mcp?toolsets=${DEFAULT_TOOLSETS.join(",")}`,
    );
  }
  return TOOLSETS.filter((toolset) => names.includes(toolset));
}

function isToolset(name: string): name is Toolset {
  return (TOOLSETS as readonly string[]).includes(name);
}

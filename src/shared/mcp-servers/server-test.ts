// What a test of an MCP server found, wherever it was made.
import { z } from "zod";

/** Why a server could not be used. Words of ours: what a server says about itself stays out. */
export const SERVER_PROBLEMS = [
  "unreachable",
  "refused",
  "needs_sign_in",
  "not_mcp",
  "address_refused",
  "secret_missing",
  "did_not_start",
] as const;
export const serverProblemSchema = z.enum(SERVER_PROBLEMS);
export type ServerProblem = z.infer<typeof serverProblemSchema>;

/** What the runner says of a program that it started for a test. */
export const stdioTestSchema = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), tools: z.array(z.string()) }),
  z.object({ ok: z.literal(false), problem: serverProblemSchema, message: z.string() }),
]);
export type StdioTest = z.infer<typeof stdioTestSchema>;

const MAX_TOOLS = 1000;
const MAX_NAME_CHARACTERS = 128;

/** Names of tools are the server's own text: as many, and as much of each, as anybody reads. */
export function shownTools(names: readonly string[]): string[] {
  return names.slice(0, MAX_TOOLS).map((name) => name.slice(0, MAX_NAME_CHARACTERS));
}

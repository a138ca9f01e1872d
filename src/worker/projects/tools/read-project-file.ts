// read_project_file: a part of one file's content.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { branchField, filePathField, optionalProjectField } from "../tool-fields.ts";

/** Escapes and base64 make text longer, and the answer carries it twice. */
const MAX_READ_BYTES = 24 * 1024;

export const readProjectFile = defineTool({
  name: "read_project_file",
  title: "Read a project's file",
  description:
    "Reads a file of a project, as it is now, from an offset in bytes. Text comes as text, anything else in base64. " +
    "Starts the sandbox when none runs.",
  scope: "projects:read",
  toolset: "projects",
  input: z.strictObject({
    project: optionalProjectField,
    branch: branchField,
    path: filePathField,
    offset: z.int().nonnegative().default(0).describe("Where to begin, in bytes. Default 0."),
    limit: z
      .int()
      .min(1)
      .max(MAX_READ_BYTES)
      .default(MAX_READ_BYTES)
      .describe(`How many bytes to give at most, 1 to ${MAX_READ_BYTES}; default ${MAX_READ_BYTES}.`),
  }),
  output: z.object({
    path: z.string(),
    encoding: z.enum(["utf-8", "base64"]),
    content: z.string(),
    offset: z.int(),
    bytes: z.int().describe("How many bytes of the file `content` stands for."),
    size: z.int().describe("The whole file's size in bytes."),
    next_offset: z.int().nullable().describe("Give this as offset for the next part; null at the end."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ project, branch, ...request }, { principal, services }) {
    const file = await services.projects.readFile(
      principal,
      { project: project ?? null, branch: branch ?? null },
      request,
    );
    const end = file.offset + file.bytes;
    return { ...file, next_offset: end < file.size && file.bytes > 0 ? end : null };
  },
});

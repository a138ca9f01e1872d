// import_skill: adds a skill from a zip or from a repository, at one scope.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { placeFields, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import type { ImportFrom } from "../skill-service.ts";
import { showChanged, skillNameField, skillOutcomeSchema } from "../tool-fields.ts";

/** In base64, within what one request may bring. */
const MAX_BASE64_CHARS = 2_800_000;

export const importSkill = defineTool({
  name: "import_skill",
  title: "Import a skill",
  description:
    "Adds a skill, or replaces the one of that name, from a zip (as base64 or by its address) or from a repository of " +
    "github.com, gitlab.com or codeberg.org. It speaks to Claude in words that nobody here has read, so it is proposed: a " +
    "person reads and confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "skills",
  input: z.strictObject({
    ...placeFields,
    zip_base64: z.string().max(MAX_BASE64_CHARS).optional().describe("The zip's bytes in base64."),
    zip_url: z.url().max(2_048).optional().describe("The https:// address of a zip."),
    git_url: z
      .url()
      .max(2_048)
      .optional()
      .describe(
        "A repository's address, or a link to a folder of it, such as https://github.com/o/r/tree/main/skills/x.",
      ),
    git_ref: z
      .string()
      .max(200)
      .optional()
      .describe("Branch, tag or commit, where git_url names none. Default: the newest."),
    folder: z.string().max(400).optional().describe("The folder that holds SKILL.md, where there are several."),
    name: skillNameField.optional().describe("What it is called; what its SKILL.md says when left out."),
  }),
  output: skillOutcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async run({ zip_base64, zip_url, git_url, git_ref, folder, name, ...place }, { principal, clientId, services }) {
    const from = readFrom({ zip_base64, zip_url, git_url, git_ref });
    const wanted = { name: name ?? null, folder: folder?.replace(/^\/+|\/+$/g, "") ?? null, from };
    const request = { place: toPlaceRequest(place), client: clientId, ...wanted };
    return showChanged(await services.skills.import(principal, request));
  },
});

type Given = Record<"zip_base64" | "zip_url" | "git_url" | "git_ref", string | undefined>;

function readFrom({ zip_base64, zip_url, git_url, git_ref }: Given): ImportFrom {
  const given = [zip_base64, zip_url, git_url].filter((one) => one !== undefined);
  if (given.length !== 1) throw new AppError("invalid_argument", "Give one of zip_base64, zip_url and git_url.");
  if (git_url !== undefined) return { kind: "git", url: git_url, ref: git_ref ?? null };
  if (zip_url !== undefined) return { kind: "zip_url", url: zip_url };
  try {
    return { kind: "zip", bytes: Uint8Array.from(atob(zip_base64 ?? ""), (character) => character.charCodeAt(0)) };
  } catch {
    throw new AppError("invalid_argument", "zip_base64 is no base64.");
  }
}

// What several branch tools share, described once.
import { z } from "zod";
import { branchNameSchema } from "../../shared/checkpoints/schema.ts";
import { projectNameSchema } from "../../shared/projects/schema.ts";

export const projectField = projectNameSchema
  .optional()
  .describe("The project's name. Without it, your project `default`.");

export const branchField = branchNameSchema.describe("The branch's name, as list_branches gives it.");
export const branchSchema = z.string().describe("The branch's name.");

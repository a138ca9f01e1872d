// What runner and engine say to each other over their channel, as JSON. The engine runs as the agent's own user:
// the runner parses all that it says, and gives it nothing but what the job at hand needs.
import { z } from "zod";
import { ERROR_CODES } from "../../../shared/errors/error-code.ts";
import {
  makeBundleSchema,
  operationProgressSchema,
  restoreTreeSchema,
  takeCheckpointSchema,
} from "../../../shared/rpc/runner-checkpoint-api.ts";
import { treeSchema } from "../../../shared/checkpoints/format.ts";

/** Null for a route that the operation does not have. */
const tokensSchema = z.object({ write: z.string().nullable(), read: z.string().nullable() });
export type EngineTokens = z.infer<typeof tokensSchema>;

const jobSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("take"), request: takeCheckpointSchema }),
  z.object({ kind: z.literal("changed"), request: z.object({ tree: treeSchema }) }),
  z.object({ kind: z.literal("restore"), request: restoreTreeSchema }),
  z.object({ kind: z.literal("bundle"), request: makeBundleSchema }),
]);
export type EngineJob = z.infer<typeof jobSchema>;

const settingsSchema = z.object({ workspaceDir: z.string(), stateDir: z.string(), edgeUrl: z.string() });

export const toEngineSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("job"),
    id: z.int(),
    operation_id: z.string(),
    job: jobSchema,
    settings: settingsSchema,
    tokens: tokensSchema,
  }),
  /** Null when no fresh ones could be had. */
  z.object({ type: z.literal("tokens"), id: z.int(), tokens: tokensSchema.nullable() }),
]);
export type ToEngine = z.infer<typeof toEngineSchema>;

export const fromEngineSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), id: z.int(), progress: operationProgressSchema }),
  z.object({ type: z.literal("captured"), id: z.int() }),
  z.object({ type: z.literal("renew"), id: z.int() }),
  z.object({ type: z.literal("done"), id: z.int(), value: z.unknown() }),
  z.object({
    type: z.literal("failed"),
    id: z.int(),
    /** Null for one that nobody expected; `kind` is what the log may say of it. */
    failure: z.object({ code: z.enum(ERROR_CODES), message: z.string().max(10_000) }).nullable(),
    kind: z.string().max(40),
  }),
]);
export type FromEngine = z.infer<typeof fromEngineSchema>;

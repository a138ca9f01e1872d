// What the runner offers the Session object: one conversation with the real Claude Code.
import { z } from "zod";
import { attachmentsSchema } from "../attachments/schema.ts";
import { sandboxConfigurationSchema } from "../configuration/session-configuration.ts";
import { sha256Schema, uuidSchema } from "../ids.ts";
import { permissionModeSchema } from "../permissions/permission-mode.ts";
import { modelNameSchema, promptSchema } from "../sessions/schema.ts";
import type { BackgroundTask, TaskOutput } from "../tasks/schema.ts";
import { transcriptManifestSchema } from "../transcripts/schema.ts";
import type { ProcessInfo } from "../processes/schema.ts";
import { runTokenGrantSchema } from "./session-host-api.ts";

export const sessionHelloRequestSchema = z.object({
  /** The oldest that the object speaks. */
  protocol_version: z.int().positive(),
  session_id: uuidSchema,
  /** The newest source_seq that the object holds of this runtime; 0 for none. What came before may be forgotten. */
  acknowledged_source_seq: z.int().nonnegative(),
  /** The runtime that the number above is about; null when the object has never met one. */
  acknowledged_runtime_id: uuidSchema.nullable(),
  /** True while somebody watches: previews are worth sending. */
  previews: z.boolean(),
});
export type SessionHelloRequest = z.infer<typeof sessionHelloRequestSchema>;

export const sessionHelloSchema = z.object({
  protocol_version: z.int().positive(),
  runner_version: z.string(),
  runtime_id: uuidSchema,
  /** The newest source_seq that this runtime has given for this session; 0 for none. */
  last_source_seq: z.int().nonnegative(),
  /** The turn that runs now, or null. */
  running_turn_id: uuidSchema.nullable(),
  cli_live: z.boolean(),
  background_tasks: z.int().nonnegative(),
});
export type SessionHello = z.infer<typeof sessionHelloSchema>;

export const configurationStartSchema = z.object({
  /** Of the configuration as JSON: the runner knows by it whether it has it. */
  sha256: sha256Schema,
  /** Null where the runner should have it already. */
  body: sandboxConfigurationSchema.nullable(),
});
export type ConfigurationStart = z.infer<typeof configurationStartSchema>;

export const turnStartSchema = z.object({
  turn_id: uuidSchema,
  prompt: promptSchema,
  /** Files that come with the prompt. */
  attachments: attachmentsSchema.optional(),
  /** What the files of earlier prompts come to: the conversation carries them along. */
  attached_bytes: z.int().nonnegative().optional(),
  /** The JSON Schema that the answer is held to. */
  output_schema: z.record(z.string(), z.unknown()).optional(),
  /** The conversation at Claude Code's side: resumed when its transcript exists, begun under this id when not. */
  claude_session_id: uuidSchema,
  model: modelNameSchema.nullable(),
  permission_mode: permissionModeSchema,
  /** Whether the ceiling allows bypassPermissions at all in this session. */
  allow_bypass: z.boolean(),
  max_turns: z.int().min(1).nullable(),
  max_budget_usd: z.number().positive().nullable(),
  timeout_seconds: z.int().min(1),
  /** How long the CLI may say nothing while no tool runs. */
  silence_seconds: z.int().min(1),
  /** What the session has cost so far, in US dollars, as the CLI counts it. */
  spent_usd: z.number().nonnegative(),
  run_token: runTokenGrantSchema,
  /** The conversation so far, put back where the sandbox does not hold it. */
  transcript: transcriptManifestSchema.nullable(),
  /** The conversation that this one continues as a copy, until it has a transcript of its own. */
  forked_from_claude_session_id: uuidSchema.nullable(),
  /** False when the turn's allowed_tools leave out the shell: commands' inline shell then does not run either. */
  inline_shell: z.boolean().optional(),
  /** What is configured for the session; absent for nothing. */
  configuration: configurationStartSchema.optional(),
});
export type TurnStart = z.infer<typeof turnStartSchema>;

/** A prompt that joins the running turn: it shares the turn and its result. */
export const steerSchema = z.object({ turn_id: uuidSchema, steer_id: uuidSchema, prompt: promptSchema });
export type Steer = z.infer<typeof steerSchema>;

export const liveOptionsSchema = z.object({ model: modelNameSchema.nullable(), permission_mode: permissionModeSchema });
export type LiveOptions = z.infer<typeof liveOptionsSchema>;

export const runnerStatusSchema = z.object({
  runtime_id: uuidSchema,
  running_turn_id: uuidSchema.nullable(),
  cli_live: z.boolean(),
  background_tasks: z.int().nonnegative(),
  last_source_seq: z.int().nonnegative(),
});
export type RunnerStatus = z.infer<typeof runnerStatusSchema>;

export type TurnStartState = "started" | "known" | "busy" | "needs_configuration";

export interface RunnerSessionApi {
  /** The first call on a connection. The newest connection of a session wins; the older one is closed. */
  hello(request: SessionHelloRequest): Promise<SessionHello>;
  /**
   * Feeds a prompt. Idempotent by turn_id: a turn that this runtime knows is not begun again.
   * `busy` when another turn (a follow-up, too) runs; try again when it has ended.
   * `needs_configuration`: it does not have the configuration that the turn names; send it along.
   */
  startTurn(turn: TurnStart): Promise<{ state: TurnStartState }>;
  /** Idempotent by steer_id. `over`: the turn does not run any more, and the prompt went nowhere. */
  steerTurn(steer: Steer): Promise<{ state: "folded" | "known" | "over" }>;
  /** Takes effect in the live CLI, from its next request on. False when none is live: the next turn brings its own. */
  setLiveOptions(options: LiveOptions): Promise<{ applied: boolean }>;
  /** Everything that runs for this session now. Empty where the platform does not tell. */
  listProcesses(): Promise<ProcessInfo[]>;
  /** Ends one of them: politely, or at once with `force`. False when it is none of them. */
  killProcess(request: { pid: number; force: boolean }): Promise<{ killed: boolean }>;
  /** Background tasks of the session's CLI: those that run, and the newest that have ended. */
  listTasks(): Promise<BackgroundTask[]>;
  /** Ends one that runs. False when it runs no more. */
  stopTask(request: { task_id: string }): Promise<{ stopped: boolean }>;
  /** The end of what a command wrote; null when there is nothing to read. */
  readTaskOutput(request: { task_id: string }): Promise<{ output: TaskOutput | null }>;
  /** Stops the turn if it runs; its end comes as an entry. */
  interruptTurn(request: { turn_id: string }): Promise<{ running: boolean }>;
  setPreviews(request: { previews: boolean }): Promise<void>;
  /** Answers at once; a link that does not is dead. */
  ping(): Promise<RunnerStatus>;
  /** Ends the CLI and forgets the session's processes; its entries stay until acknowledged. */
  endSession(): Promise<void>;
  /** Ends the CLI and removes what the session has on the sandbox's disk; what was not acknowledged is gone with it. */
  forgetSession(): Promise<void>;
}

// The engine's side of the channel: takes jobs, gives each its context, and answers.
import { AppError } from "../../../shared/errors/app-error.ts";
import { makeBundle } from "../bundle/make-bundle.ts";
import { isChangedSince } from "../is-changed.ts";
import type { JobContext } from "../job-context.ts";
import { restoreTree } from "../restore/restore-tree.ts";
import { takeCheckpoint } from "../take-checkpoint.ts";
import {
  type EngineJob,
  type EngineTokens,
  type FromEngine,
  type ToEngine,
  toEngineSchema,
} from "./engine-messages.ts";

const PROGRESS_MS = 500;

type JobMessage = Extract<ToEngine, { type: "job" }>;
type Renewals = Map<number, (tokens: EngineTokens | null) => void>;

/** Serves until the runner lets go of the channel. Does nothing in a process that nobody forked. */
export function serveEngine(): void {
  const renewals: Renewals = new Map();
  process.on("message", (message: unknown) => {
    const parsed = toEngineSchema.parse(message);
    if (parsed.type === "tokens") renewals.get(parsed.id)?.(parsed.tokens);
    else void serveJob(parsed, renewals);
  });
  process.on("disconnect", () => process.exit(0));
}

async function serveJob(message: JobMessage, renewals: Renewals): Promise<void> {
  const { id, job } = message;
  try {
    const value = await runJob(job, createContext(message, renewals));
    say({ type: "done", id, value });
  } catch (error) {
    const failure = error instanceof AppError ? { code: error.code, message: error.message } : null;
    say({ type: "failed", id, failure, kind: kindOf(error) });
  } finally {
    renewals.delete(id);
  }
}

async function runJob(job: EngineJob, context: JobContext): Promise<unknown> {
  switch (job.kind) {
    case "take":
      return takeCheckpoint(job.request, context);
    case "changed":
      return isChangedSince(job.request.tree, context);
    case "restore":
      return restoreTree(job.request, context);
    case "bundle":
      return makeBundle(job.request, context);
  }
}

function createContext(message: JobMessage, renewals: Renewals): JobContext {
  const { id, operation_id, settings } = message;
  let tokens = message.tokens;
  let renewal: Promise<void> | null = null;
  let toldAt = 0;
  return {
    ...settings,
    operationId: operation_id,
    tokens: () => tokens,
    /** Uploads fail together when a token ends: one question for all of them. */
    async renewTokens() {
      renewal ??= new Promise<void>((resolve) => {
        renewals.set(id, (fresh) => {
          tokens = fresh ?? tokens;
          renewal = null;
          resolve();
        });
        say({ type: "renew", id });
      });
      await renewal;
    },
    progress(progress) {
      if (Date.now() - toldAt < PROGRESS_MS) return;
      toldAt = Date.now();
      say({ type: "progress", id, progress });
    },
    captured: () => say({ type: "captured", id }),
  };
}

function say(message: FromEngine): void {
  // Nobody listens any more: the channel's end ends this process.
  process.send?.(message, undefined, undefined, () => {});
}

/** A system call's code or the error's class: never its message. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as NodeJS.ErrnoException;
  return (typeof code === "string" && /^[A-Z_0-9]{1,40}$/.test(code) ? code : error.name).slice(0, 40);
}

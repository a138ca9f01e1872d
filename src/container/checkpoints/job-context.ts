// What a checkpoint job gets to work with inside the engine: folders, the way to the edge, and whom to tell.
import type { OperationProgress } from "../../shared/checkpoints/schema.ts";

export type JobContext = {
  operationId: string;
  workspaceDir: string;
  /** The engine's own folder, on the workspace's file system where that can be had: stat cache, staging. */
  stateDir: string;
  /** Without a slash at its end. */
  edgeUrl: string;
  /** The newest run tokens; null for a route that this operation does not have. */
  tokens(): { write: string | null; read: string | null };
  /** After a 401: asks the object for fresh ones. */
  renewTokens(): Promise<void>;
  /** Told on at most twice a second. */
  progress(progress: OperationProgress): void;
  /** Every file has been read. */
  captured(): void;
};

// Says which of a turn's files could not be given to Claude Code, and why.
import type { AttachmentProblem } from "../../shared/attachments/schema.ts";

export class AttachmentError extends Error {
  readonly problem: AttachmentProblem["problem"];

  constructor(problem: AttachmentProblem["problem"]) {
    super(`an attachment could not be given: ${problem}`);
    this.name = "AttachmentError";
    this.problem = problem;
  }
}

// Whether a call may name this model: told at once, instead of by a turn that fails. The gateway holds every request to it.
import { AppError } from "../../shared/errors/app-error.ts";
import { isModelAllowed } from "../../shared/sessions/model-policy.ts";

/** Claude Code's own short names; what they stand for is judged at the gateway. */
const ALIASES = new Set(["default", "best", "sonnet", "opus", "haiku", "opusplan"]);

export function requireModel(model: string, allowedModels: readonly string[]): void {
  // The suffix asks for a longer context and is not part of the name.
  const name = model.replace(/\[\w+\]$/, "");
  if (ALIASES.has(name) || isModelAllowed(name, allowedModels)) return;
  const choice = [...allowedModels, ...ALIASES].join(", ");
  throw new AppError("model_not_allowed", `Sessions may not use this model here. Choose from: ${choice}.`);
}

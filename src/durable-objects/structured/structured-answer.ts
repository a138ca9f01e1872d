// Holds Claude Code's structured answer against the turn's schema once more: what the sandbox says is not taken on trust.
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/server/validators/cf-worker";
import type { CliResult } from "../../shared/rpc/runner-entry.ts";
import type { StructuredVerdict } from "../../shared/sessions/turn-end-policy.ts";
import { isCheckedSoon } from "../../shared/structured/answer-cost-policy.ts";
import { withoutFormats } from "../../shared/structured/output-schema-policy.ts";

type Schema = Record<string, unknown>;

/** Null when the turn asked for none: what came all the same is not passed on. */
export function judgeStructured(schema: Schema | undefined, result: CliResult | null): StructuredVerdict | null {
  if (schema === undefined) return null;
  if (result?.structured_too_large === true) return { kind: "too_large" };
  if (result?.structured === undefined) return { kind: "absent" };
  return fits(schema, result.structured) ? { kind: "valid", value: result.structured } : { kind: "invalid" };
}

/** A schema that cannot be worked with, or not soon, lets nothing pass. */
function fits(schema: Schema, value: unknown): boolean {
  try {
    if (!isCheckedSoon(schema, value)) return false;
    return new CfWorkerJsonSchemaValidator().getValidator(withoutFormats(schema))(value).valid;
  } catch {
    return false;
  }
}

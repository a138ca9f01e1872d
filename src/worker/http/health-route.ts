// GET /health: whether the edge works, at the price of one statement to the database.
import type { EdgeConfig } from "../config.ts";
import { explainModelKeyProblem } from "../config.ts";

export type HealthOptions = { config: EdgeConfig; version: string; touchDatabase: () => Promise<unknown> };

type Check = { ok: boolean; message?: string };

const SCRIPTED_MODEL =
  "Answers come from the built-in scripted model, not Claude. Set ANTHROPIC_API_KEY and start Berth again.";

export async function answerHealth({ config, version, touchDatabase }: HealthOptions): Promise<Response> {
  const database: Check = await touchDatabase().then(
    () => ({ ok: true }),
    () => ({ ok: false, message: "The database does not answer, or its migrations are not applied." }),
  );
  const problem = config.modelKeyProblem;
  const model_key: Check = problem === null ? { ok: true } : { ok: false, message: explainModelKeyProblem(problem) };
  if (config.scriptedModel) model_key.message = SCRIPTED_MODEL;
  const usable = config.scriptedModel ? "scripted" : "ok";
  const status = !database.ok ? "failing" : model_key.ok ? usable : "degraded";
  const body = { status, version, sandbox: config.sandbox, checks: { database, model_key } };
  return Response.json(body, { status: database.ok ? 200 : 503, headers: { "cache-control": "no-store" } });
}

// POST /runner/wake: the runner has something to say and nobody is connected. Whatever does not fit is a 404.
import { z } from "zod";
import { failure } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import { jsonError } from "../http/json-error.ts";
import { readBody } from "../http/read-body.ts";

const MAX_WAKE_BYTES = 4096;
const wakeSchema = z.object({ workspace_id: uuidSchema, runtime_id: uuidSchema, session_id: uuidSchema });

export type WakeOptions = { workspace: (workspaceId: string) => Pick<WorkspaceApi, "wake"> };

export async function wakeSession(options: WakeOptions, request: Request): Promise<Response> {
  const [, bootToken] = /^Bearer ([\w.-]{1,512})$/.exec(request.headers.get("authorization") ?? "") ?? [];
  const wake = await readWake(request);
  if (bootToken === undefined || wake === null) return refuse();
  const { workspace_id, ...rest } = wake;
  const isWoken = await options.workspace(workspace_id).wake({ ...rest, boot_token: bootToken });
  return isWoken ? new Response(null, { status: 204 }) : refuse();
}

async function readWake(request: Request): Promise<z.infer<typeof wakeSchema> | null> {
  try {
    const bytes = await readBody(request, MAX_WAKE_BYTES);
    return wakeSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

function refuse(): Response {
  return jsonError(failure("not_found", "There is nothing at this address.").error);
}

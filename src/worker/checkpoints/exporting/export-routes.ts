// GET /mcp/checkpoints/:id/export and …/exports/:export_id: a checkpoint as a file, under the same access token as /mcp.
import { uuidSchema } from "../../../shared/ids.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import type { ExportService } from "./export-service.ts";

const PATH = /^\/mcp\/checkpoints\/([^/]+)\/(?:export|exports\/([^/]+))$/;

/** `export_id` is null for the .tar.zst, which is made while it is read. */
export type CheckpointExport = { checkpoint_id: string; export_id: string | null };

export function matchCheckpointExport(method: string, pathname: string): CheckpointExport | null {
  const [, checkpoint_id = "", export_id = null] = (method === "GET" ? PATH.exec(pathname) : null) ?? [];
  const isId = (text: string) => uuidSchema.safeParse(text).success;
  return isId(checkpoint_id) && (export_id === null || isId(export_id)) ? { checkpoint_id, export_id } : null;
}

export async function sendCheckpointExport(
  exporting: ExportService,
  principal: Principal,
  { checkpoint_id, export_id }: CheckpointExport,
): Promise<Response> {
  if (export_id === null) {
    const { name, body } = await exporting.openTar(principal, checkpoint_id);
    return new Response(body, { headers: headersOf(name, "application/zstd") });
  }
  const { name, body, size } = await exporting.openBundle(principal, { checkpoint_id, export_id });
  const headers = { ...headersOf(name, "application/x-git-bundle"), "content-length": String(size) };
  return new Response(body, { headers });
}

function headersOf(name: string, type: string): Record<string, string> {
  return {
    "content-type": type,
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "private, no-store, no-transform",
    "x-content-type-options": "nosniff",
  };
}

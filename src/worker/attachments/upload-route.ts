// PUT /uploads/:id with the ticket of create_upload: takes one file, once, and gives nothing back but its size.
import { AppError } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { explainError, jsonError } from "../http/json-error.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { UploadService } from "./upload-service.ts";

export type UploadRouteOptions = { uploads: Pick<UploadService, "receive">; logger: Logger };

export function createUploadRoute({ uploads, logger }: UploadRouteOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const { uploadId, ticket } = readTicket(request);
      const taken = await uploads.receive(uploadId, ticket, request);
      return Response.json(taken, { status: 201, headers: { "cache-control": "no-store" } });
    } catch (error) {
      return jsonError(explainError(error, logger, "upload"));
    }
  };
}

function readTicket(request: Request): { uploadId: string; ticket: string } {
  const id = uuidSchema.safeParse(new URL(request.url).pathname.split("/").at(-1));
  const [, ticket] = /^Bearer ([\w-]{20,100})$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (id.success && ticket !== undefined) return { uploadId: id.data, ticket };
  const message = "An upload needs the ticket that create_upload gave, in the Authorization header.";
  throw new AppError("upload_ticket_refused", message);
}

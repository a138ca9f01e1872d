// Reads a request's body up to a limit, without holding more than that in memory.
import { AppError } from "../../shared/errors/app-error.ts";
import { concatBytes } from "../../shared/concat-bytes.ts";

export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  if (declared > 0) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    total += chunk.byteLength;
    if (total > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("request_too_large", `The request is larger than ${maxBytes} bytes. Send less in one request.`);
}

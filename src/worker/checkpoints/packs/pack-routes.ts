// PUT and GET /runner/packs/:sha256, PUT /runner/packs, PUT /runner/exports/:id: what a sandbox stores and reads of checkpoints, by run token.
import { exportKey, packKey } from "../../../shared/checkpoints/checkpoint-keys.ts";
import { MAX_PACK_BYTES, PACKS_TOGETHER } from "../../../shared/checkpoints/format.ts";
import { AppError, failure } from "../../../shared/errors/app-error.ts";
import { PACKS_HEADER } from "../../../shared/rpc/protocol.ts";
import type { RunTokenClaimsOf } from "../../../shared/tokens/run-token.ts";
import { sha256Schema, uuidSchema } from "../../../shared/ids.ts";
import { explainError, jsonError } from "../../http/json-error.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { PackAccess } from "./pack-access.ts";
import type { PackStore } from "./pack-store.ts";
import { type NamedPack, parsePackList, splitPacks } from "./pack-list.ts";
import { parseRange } from "./range-policy.ts";

export type PackBucket = Pick<R2Bucket, "put" | "get">;
export type PackRouteOptions = { access: PackAccess; store: PackStore; bucket: PackBucket; logger: Logger };

/** What a bundle may have: below what the platform takes as a request's body. */
const MAX_EXPORT_BYTES = 96 * 1024 * 1024;

export type PackRoutes = {
  put(request: Request): Promise<Response>;
  putSmall(request: Request): Promise<Response>;
  get(request: Request): Promise<Response>;
  putExport(request: Request): Promise<Response>;
};

export function createPackRoutes(options: PackRouteOptions): PackRoutes {
  const answering = (work: (request: Request) => Promise<Response>) => (request: Request) =>
    work(request).catch((error: unknown) => refuse(options, error));
  return {
    put: answering((request) => putPack(options, request)),
    putSmall: answering((request) => putSmallPacks(options, request)),
    get: answering((request) => getPack(options, request)),
    putExport: answering((request) => putExport(options, request)),
  };
}

async function putPack({ access, store, bucket }: PackRouteOptions, request: Request): Promise<Response> {
  const sha256 = sha256Schema.safeParse(lastPart(request));
  if (!sha256.success) throw nothingHere();
  const claims = await access.verify(request, "packs:write");
  const bytes = declaredLength(request, MAX_PACK_BYTES);
  const pack = { sha256: sha256.data, bytes };
  await claim({ access, store }, claims, [pack]);
  await keepPack(bucket, claims, { ...pack, body: request.body });
  return stored([pack]);
}

/** What a small checkpoint has to store, in one request. */
async function putSmallPacks({ access, store, bucket }: PackRouteOptions, request: Request): Promise<Response> {
  const claims = await access.verify(request, "packs:write");
  const packs = parsePackList(request.headers.get(PACKS_HEADER));
  if (packs === null) throw new AppError("invalid_argument", "Name the packs of the body, and send no more together.");
  declaredLength(request, PACKS_TOGETHER.bytes);
  const [body] = await Promise.all([request.arrayBuffer(), claim({ access, store }, claims, packs)]);
  const parts = splitPacks(body, packs);
  if (parts === null) throw new AppError("invalid_argument", "The body is not as long as its packs are together.");
  const named = packs.map((pack, index) => ({ ...pack, body: parts[index] ?? null }));
  await Promise.all(named.map((pack) => keepPack(bucket, claims, pack)));
  return stored(packs);
}

type WriteClaims = RunTokenClaimsOf<"packs:write">;

async function claim(
  { access, store }: Pick<PackRouteOptions, "access" | "store">,
  claims: WriteClaims,
  packs: readonly NamedPack[],
): Promise<void> {
  // The row before the pack, and its grace begins anew: from here on no sweep takes what is being stored. One without a
  // pack, of somebody who may not store it any more, is swept.
  const [isClaimed] = await Promise.all([store.claim(claims.team_id, packs), access.confirm(claims, null)]);
  if (!isClaimed) throw new AppError("pack_refused", "This pack is being removed. Send it again in a moment.");
}

function keepPack(
  bucket: PackBucket,
  { team_id, project_id }: WriteClaims,
  { sha256, body }: { sha256: string; body: ReadableStream | ArrayBuffer | null },
): Promise<void> {
  return keep(bucket, packKey(team_id, sha256), body, { sha256, customMetadata: { project_id } });
}

function stored(packs: readonly NamedPack[]): Response {
  return Response.json({ packs }, { status: 201, headers: { "cache-control": "no-store" } });
}

async function getPack({ access, bucket }: PackRouteOptions, request: Request): Promise<Response> {
  const sha256 = sha256Schema.safeParse(lastPart(request));
  if (!sha256.success) throw nothingHere();
  const claims = await access.verify(request, "packs:read");
  await access.confirm(claims, sha256.data);
  const range = parseRange(request.headers.get("range"));
  if (range === "refused") throw new AppError("invalid_argument", "Ask for one range: bytes=<first>-<last>.");
  const object = await bucket.get(packKey(claims.team_id, sha256.data), range === null ? {} : { range });
  if (object === null) throw nothingHere();
  const headers = { "content-type": "application/octet-stream", "cache-control": "no-store" };
  if (range === null) {
    return new Response(object.body, { headers: { ...headers, "content-length": String(object.size) } });
  }
  const length = Math.min(range.length ?? object.size, object.size - range.offset);
  return new Response(object.body, {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(length),
      "content-range": `bytes ${range.offset}-${range.offset + length - 1}/${object.size}`,
    },
  });
}

async function putExport({ access, bucket }: PackRouteOptions, request: Request): Promise<Response> {
  const exportId = uuidSchema.safeParse(lastPart(request));
  if (!exportId.success) throw nothingHere();
  const claims = await access.verify(request, "packs:write");
  await access.confirm(claims, null);
  // An export bears its operation's id, so that a token for one stores that one alone.
  if (claims.operation_id !== exportId.data) throw nothingHere();
  const bytes = declaredLength(request, MAX_EXPORT_BYTES);
  const key = exportKey(claims.team_id, claims.project_id, exportId.data);
  await keep(bucket, key, request.body, {});
  return Response.json({ bytes }, { status: 201, headers: { "cache-control": "no-store" } });
}

/** R2 checks the SHA-256: what is not of that name leaves nothing. */
async function keep(
  bucket: PackBucket,
  key: string,
  body: ReadableStream | ArrayBuffer | null,
  options: R2PutOptions,
): Promise<void> {
  try {
    await bucket.put(key, body, options);
  } catch (cause) {
    if (isWrongHash(cause)) throw new AppError("pack_refused", "The bytes are not of that SHA-256. Send them again.");
    throw cause;
  }
}

/** R2 has no error codes in its binding; its words name the checksum, and 10037 stands for it. */
function isWrongHash(error: unknown): boolean {
  return error instanceof Error && /10037|checksum|sha-?256|hash/i.test(error.message);
}

function declaredLength(request: Request, max: number): number {
  const text = request.headers.get("content-length") ?? "";
  const bytes = /^\d{1,12}$/.test(text) ? Number(text) : 0;
  if (bytes === 0 || request.body === null) {
    throw new AppError("invalid_argument", "Say how many bytes come, in Content-Length.");
  }
  if (bytes > max) throw new AppError("request_too_large", `It is larger than ${max} bytes. Send less in one request.`);
  return bytes;
}

const lastPart = (request: Request): string => new URL(request.url).pathname.split("/").at(-1) ?? "";

function nothingHere(): AppError {
  return new AppError("not_found", "There is nothing at this address.");
}

/** What nobody expected is the storage's failure: the runner tries again. */
function refuse({ logger }: PackRouteOptions, error: unknown): Response {
  const explained = explainError(error, logger, "packs");
  if (explained.code !== "internal") return jsonError(explained);
  const { error: failed } = failure("internal", explained.message);
  const headers = { "cache-control": "no-store", "retry-after": "1" };
  return Response.json({ error: failed }, { status: 503, headers });
}

// Repairs the headers that hosted connectors are known to get wrong; the body is right in each of these cases.
// Each repair has a name, which is logged. A request that contradicts itself in any other way is left as it is.

type HeaderRepair =
  /** "2025-11-25, 2025-11-25": one header sent twice. */
  | "protocol_version_doubled"
  /** The body is of the 2026 era, the header names a 2025 revision. */
  | "protocol_version_older_than_body"
  /** The header names the 2026 era, the body has no envelope. */
  | "protocol_version_without_envelope"
  /** No Accept, or one that misses a kind of answer that the transport needs. */
  | "accept_incomplete"
  /** `/mcp/` for `/mcp`. */
  | "path_slash";

export type RepairInput = { pathname: string; headers: Headers; body: unknown };
export type RepairOutcome = { repairs: HeaderRepair[]; headers: Headers };

const MODERN_ERA = "2026-07-28";
const LEGACY_REVISIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const VERSION = "mcp-protocol-version";
const ACCEPT = "application/json, text/event-stream";
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

/** Gives the headers to go on with; the same object when nothing was wrong. */
export function repairHeaders(input: RepairInput): RepairOutcome {
  const repairs: HeaderRepair[] = [];
  let { headers } = input;
  const set = (repair: HeaderRepair, name: string, value: string): void => {
    if (headers === input.headers) headers = new Headers(input.headers);
    headers.set(name, value);
    repairs.push(repair);
  };
  const version = repairVersion(input, set);
  repairEra(version, input.body, set, () => fillRoutingHeaders(headers, input.body));
  if (!acceptsBoth(headers.get("accept"))) set("accept_incomplete", "accept", ACCEPT);
  if (input.pathname === "/mcp/") repairs.push("path_slash");
  return { repairs, headers };
}

type SetHeader = (repair: HeaderRepair, name: string, value: string) => void;

function repairVersion(input: RepairInput, set: SetHeader): string | null {
  const version = input.headers.get(VERSION);
  if (version === null || !version.includes(",")) return version;
  const parts = new Set(version.split(",").map((part) => part.trim()));
  const [only] = parts;
  if (parts.size !== 1 || only === undefined || only === "") return version;
  set("protocol_version_doubled", VERSION, only);
  return only;
}

function repairEra(version: string | null, body: unknown, set: SetHeader, fillRouting: () => void): void {
  const envelope = envelopeVersion(body);
  if (envelope === MODERN_ERA && version !== null && LEGACY_REVISIONS.includes(version)) {
    set("protocol_version_older_than_body", VERSION, envelope);
    fillRouting();
  } else if (envelope === null && version === MODERN_ERA && isRequest(body)) {
    set("protocol_version_without_envelope", VERSION, "2025-11-25");
  }
}

/** A client that believes in the 2025 era does not send the routing headers of 2026. Present ones stay. */
function fillRoutingHeaders(headers: Headers, body: unknown): void {
  const message = asRecord(body);
  const params = asRecord(message?.["params"]);
  const name = params?.["name"] ?? params?.["uri"];
  if (typeof message?.["method"] === "string" && !headers.has("mcp-method"))
    headers.set("mcp-method", message["method"]);
  if (typeof name === "string" && /^[\x21-\x7e]+$/.test(name) && !headers.has("mcp-name"))
    headers.set("mcp-name", name);
}

function envelopeVersion(body: unknown): string | null {
  const meta = asRecord(asRecord(asRecord(body)?.["params"])?.["_meta"]);
  const version = meta?.[VERSION_KEY];
  return typeof version === "string" ? version : null;
}

function isRequest(body: unknown): boolean {
  return asRecord(body)?.["id"] !== undefined;
}

function acceptsBoth(accept: string | null): boolean {
  if (accept === null) return false;
  return accept.includes("application/json") && accept.includes("text/event-stream");
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

// Reads the secrets of telemetry. Wrangler wants each secret to have a value: `none` stands for there being none.

const NONE = "none";
const MIN_TOKEN = 16;

/** Empty for none. */
export function readMetricsToken(text: string): string {
  if (text === NONE || text === "") return "";
  if (text.length < MIN_TOKEN) throw new Error(`needs at least ${MIN_TOKEN} characters, or none`);
  return text;
}

/** OTEL_EXPORTER_OTLP_HEADERS: name=value pairs with commas between, values percent-encoded. */
export function readOtlpHeaders(text: string): Record<string, string> {
  if (text === NONE) return {};
  const pairs = text.split(",").map((pair) => pair.trim());
  return Object.fromEntries(pairs.filter((pair) => pair !== "").map(readPair));
}

function readPair(pair: string): [string, string] {
  const at = pair.indexOf("=");
  const name = pair.slice(0, at).trim().toLowerCase();
  if (at < 1 || !/^[a-z0-9!#$&'*+.^_`|~-]+$/.test(name)) {
    throw new Error("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas between.");
  }
  return [name, decode(pair.slice(at + 1).trim())];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Keeps the end of a process's stderr, with everything that looks like a secret struck out.
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

const MAX_TAIL_CHARS = 8000;
/** More is kept raw than is shown, so that a secret at the cut is still recognised. */
const MAX_RAW_CHARS = 16_000;

const SECRETS = [
  /\b(?:bearer|basic)\s+[\w.~+/=:-]+/gi,
  /\bsk-[\w-]{6,}/g,
  /\b(?:eyJ[\w-]+\.[\w-]+\.[\w-]*)/g,
  /((?:api[_-]?key|token|secret|password|authorization)["']?\s*[:=]\s*["']?)[^\s"',;]+/gi,
];

/** Strikes out known secrets and what has the shape of one. */
export function redact(text: string, knownSecrets: readonly string[]): string {
  let redacted = text;
  for (const secret of knownSecrets) {
    if (secret.length >= 8) redacted = redacted.replaceAll(secret, "[redacted]");
  }
  for (const pattern of SECRETS) {
    redacted = redacted.replace(pattern, (_match, kept: unknown) =>
      typeof kept === "string" ? `${kept}[redacted]` : "[redacted]",
    );
  }
  return redacted;
}

/** `tail()` is null when nothing was written. */
export function keepStderrTail(stderr: Readable, knownSecrets: () => readonly string[]): { tail(): string | null } {
  const decoder = new StringDecoder("utf8");
  let raw = "";
  stderr.on("data", (chunk: Buffer) => {
    raw = (raw + decoder.write(chunk)).slice(-MAX_RAW_CHARS);
  });
  stderr.on("error", () => {});
  return { tail: () => (raw.trim() === "" ? null : redact(raw, knownSecrets()).slice(-MAX_TAIL_CHARS)) };
}

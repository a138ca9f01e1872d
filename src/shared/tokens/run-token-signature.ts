// Run tokens on the wire: `brt_<claims>.<mac>`, both base64url, signed with HMAC-SHA-256. Reading the claims is run-token.ts.
// The Web Crypto implementation is handed in, so that this runs on every machine.
import type { RunTokenClaims } from "./run-token.ts";

const PREFIX = "brt_";
const MAX_TOKEN_LENGTH = 4096;
const TOKEN = /^brt_([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;
const HMAC = { name: "HMAC", hash: "SHA-256" } as const;

/** The part of Web Crypto's `crypto.subtle` that signing needs. `Key` is the implementation's own kind of key. */
export type HmacCrypto<Key> = {
  importKey(
    format: "raw",
    keyData: Uint8Array<ArrayBuffer>,
    algorithm: typeof HMAC,
    extractable: boolean,
    usages: ("sign" | "verify")[],
  ): Promise<Key>;
  sign(algorithm: "HMAC", key: Key, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
  verify(
    algorithm: "HMAC",
    key: Key,
    signature: Uint8Array<ArrayBuffer>,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>;
};

export async function signRunToken<Key>(
  claims: RunTokenClaims,
  secret: string,
  subtle: HmacCrypto<Key>,
): Promise<string> {
  const payload = toBase64Url(utf8(JSON.stringify(claims)));
  const mac = await subtle.sign("HMAC", await importSecret(secret, subtle), utf8(payload));
  return `${PREFIX}${payload}.${toBase64Url(new Uint8Array(mac))}`;
}

/** The claims as they were signed, not yet read; null when the token is malformed or its signature does not hold. */
export async function verifyRunToken<Key>(token: string, secret: string, subtle: HmacCrypto<Key>): Promise<unknown> {
  const match = token.length <= MAX_TOKEN_LENGTH ? TOKEN.exec(token) : null;
  const [, payload, mac] = match ?? [];
  if (payload === undefined || mac === undefined) return null;
  const key = await importSecret(secret, subtle);
  if (!(await subtle.verify("HMAC", key, fromBase64Url(mac), utf8(payload)))) return null;
  return parseJson(fromBase64Url(payload));
}

/** A copy in a buffer of its own, which is what Web Crypto's types ask for. */
function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

function importSecret<Key>(secret: string, subtle: HmacCrypto<Key>): Promise<Key> {
  return subtle.importKey("raw", utf8(secret), HMAC, false, ["sign", "verify"]);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

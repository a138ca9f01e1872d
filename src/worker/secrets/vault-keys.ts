// The keys under which secrets are kept: `<id>:<32 bytes as base64url>`, separated by commas; the first one encrypts.

export type VaultKey = { id: string; bytes: Uint8Array<ArrayBuffer> };

const KEY = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43})$/;

/** Throws with what is wrong, and never with what stands there. */
export function readVaultKeys(text: string): VaultKey[] {
  const keys = text.split(",").map((part) => {
    const [, id, encoded] = KEY.exec(part.trim()) ?? [];
    if (id === undefined || encoded === undefined)
      throw new Error("needs <id>:<32 bytes as base64url>, comma-separated");
    return { id, bytes: fromBase64Url(encoded) };
  });
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) throw new Error("names a key twice");
  return keys;
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// Encrypts what must not lie in the database in clear: AES-256-GCM, a fresh IV each time, bound to what it belongs to.
import { fromBase64Url, toBase64Url, type VaultKey } from "./vault-keys.ts";

/** What a sealed value belongs to; it opens as nothing else. */
export type SealContext = readonly string[];

export type Sealer = {
  /** `v1.<key id>.<iv>.<ciphertext>`. */
  seal(value: string, context: SealContext): Promise<string>;
  /** Null when the key is gone, or it was sealed as something else, or changed. */
  open(sealed: string, context: SealContext): Promise<string | null>;
  /** Sealed under another key than new values are. */
  isOld(sealed: string): boolean;
};

const FORMAT = "v1";
const IV_BYTES = 12;

export function createSealer(keys: readonly VaultKey[], webCrypto: Crypto): Sealer {
  const imported = new Map(keys.map(({ id, bytes }) => [id, importKey(bytes, webCrypto)]));
  const [newest] = keys;
  if (newest === undefined) throw new Error("No key to keep secrets under.");
  return {
    async seal(value, context) {
      const iv = webCrypto.getRandomValues(new Uint8Array(IV_BYTES));
      const algorithm = { name: "AES-GCM", iv, additionalData: contextBytes(newest.id, context) };
      const key = await imported.get(newest.id);
      if (key === undefined) throw new Error("No key to keep secrets under.");
      const sealed = await webCrypto.subtle.encrypt(algorithm, key, utf8(value));
      return [FORMAT, newest.id, toBase64Url(iv), toBase64Url(new Uint8Array(sealed))].join(".");
    },
    async open(sealed, context) {
      const [format, id = "", iv = "", text = ""] = sealed.split(".");
      const key = await imported.get(id);
      if (format !== FORMAT || key === undefined) return null;
      try {
        const algorithm = { name: "AES-GCM", iv: fromBase64Url(iv), additionalData: contextBytes(id, context) };
        return new TextDecoder().decode(await webCrypto.subtle.decrypt(algorithm, key, fromBase64Url(text)));
      } catch {
        return null;
      }
    },
    isOld: (sealed) => sealed.split(".")[1] !== newest.id,
  };
}

function importKey(bytes: Uint8Array<ArrayBuffer>, { subtle }: Crypto): Promise<CryptoKey> {
  return subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** As JSON, so that no two contexts are the same bytes. */
function contextBytes(keyId: string, context: SealContext): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify([FORMAT, keyId, ...context]));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

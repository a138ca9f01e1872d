// Who is signed in with a browser: a cookie with random bytes, kept as their SHA-256, until it expires or is signed out.
import type { Principal } from "../../shared/teams/principal.ts";
import { textField } from "./form-field.ts";
import { isSameText } from "./sign-in-policy.ts";

/** A working day. */
export const BROWSER_SESSION_MS = 12 * 60 * 60_000;

export type SignedIn = {
  principal: Principal;
  displayName: string;
  /** In every form of this browser's session, and of no other: a page elsewhere cannot send one. */
  formToken: string;
};

export type BrowserSessionStore = {
  insert(session: { sha256: string; userId: string; createdAtMs: number; expiresAtMs: number }): Promise<void>;
  /** Null for one that is unknown or has expired. */
  find(sha256: string, nowMs: number): Promise<{ userId: string; displayName: string } | null>;
  remove(sha256: string): Promise<void>;
};

export type BrowserSessions = {
  /** Null when nobody is signed in, or whoever is has no team any more. */
  read(request: Request): Promise<SignedIn | null>;
  /** The Set-Cookie that signs this person in. */
  begin(userId: string): Promise<string>;
  /** Signs out, and gives the Set-Cookie that takes the cookie away. */
  end(request: Request): Promise<string>;
  /** Whether the form was made for this browser's session and sent from a page of ours. */
  ownsForm(request: Request, form: FormData, signedIn: SignedIn): Promise<boolean>;
};

export type BrowserSessionOptions = {
  store: BrowserSessionStore;
  readPrincipal: (userId: string) => Promise<Principal | null>;
  publicUrl: string;
  newToken: () => string;
  sha256Hex: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
  subtle: Parameters<typeof isSameText>[2];
  nowMs: () => number;
};

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function createBrowserSessions(options: BrowserSessionOptions): BrowserSessions {
  const { store, nowMs, subtle } = options;
  const isHttps = new URL(options.publicUrl).protocol === "https:";
  // Browsers let no other host, path or plain-http page set a cookie of the first name.
  const name = isHttps ? "__Host-berth_session" : "berth_session";
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isHttps ? "; Secure" : ""}`;
  const hash = (text: string): Promise<string> => options.sha256Hex(Uint8Array.from(new TextEncoder().encode(text)));
  return {
    async read(request) {
      const token = readCookie(request, name);
      const found = token === null ? null : await store.find(await hash(token), nowMs());
      if (token === null || found === null) return null;
      const principal = await options.readPrincipal(found.userId);
      if (principal === null) return null;
      return { principal, displayName: found.displayName, formToken: await hash(`form ${token}`) };
    },
    async begin(userId) {
      const token = options.newToken();
      const createdAtMs = nowMs();
      const expiresAtMs = createdAtMs + BROWSER_SESSION_MS;
      await store.insert({ sha256: await hash(token), userId, createdAtMs, expiresAtMs });
      return `${name}=${token}; Max-Age=${BROWSER_SESSION_MS / 1000}; ${attributes}`;
    },
    async end(request) {
      const token = readCookie(request, name);
      if (token !== null) await store.remove(await hash(token));
      return `${name}=; Max-Age=0; ${attributes}`;
    },
    ownsForm: async (request, form, signedIn) =>
      isFromOurPage(request) && isSameText(textField(form, "form_token"), signedIn.formToken, subtle),
  };
}

/** Every browser of these years says where a form comes from; one that does not is held to the form's token alone. */
function isFromOurPage(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  return site === null || site === "same-origin";
}

/** Null when there is none, when it is of another form, and when there are two: somebody else may have set one. */
function readCookie(request: Request, name: string): string | null {
  const cookies = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  const values = cookies.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && TOKEN.test(value) ? value : null;
}

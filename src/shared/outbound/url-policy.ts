// Decides by its text alone whether an address that a person entered may be asked. What its name resolves to comes after.
import { judgeAddress } from "./address-policy.ts";

export type UrlRules = {
  /** Loopback, and http to it: local development alone. */
  allowLoopback: boolean;
  /** Our own origin: a request to ourselves would go round in circles. Null where that does not matter. */
  ownOrigin: string | null;
};

export type UrlRefusal =
  | "not_a_url"
  | "too_long"
  | "scheme"
  | "credentials"
  | "private_address"
  | "private_name"
  | "port"
  | "own_address";

export type UrlVerdict =
  /** `address`: the host is an IP address, so that no name has to be resolved. */
  { ok: true; url: URL; address: boolean } | { ok: false; refusal: UrlRefusal };

export const MAX_URL_CHARACTERS = 2048;

/** Endings that no public name has, and names at which platforms serve metadata. */
const PRIVATE_ENDINGS = [
  "alt",
  "arpa",
  "cluster",
  "consul",
  "corp",
  "domain",
  "example",
  "home",
  "internal",
  "intranet",
  "invalid",
  "lan",
  "local",
  "localdomain",
  "localhost",
  "mail",
  "onion",
  "private",
  "svc",
  "test",
  "workgroup",
];

/** Ports below 1024 belong to other protocols, two apart. */
const WEB_PORTS = new Set(["", "443"]);

export function judgeUrl(text: string, rules: UrlRules): UrlVerdict {
  if (text.length > MAX_URL_CHARACTERS) return refuse("too_long");
  // The parser takes these away or turns them round in silence; another reader would not.
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f\\]/.test(text) || !URL.canParse(text)) return refuse("not_a_url");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return refuse("scheme");
  if (url.username !== "" || url.password !== "" || /^[a-z]+:\/*[^/?#]*@/i.test(text)) return refuse("credentials");
  const refusal = judgeTarget(url, rules);
  if (refusal !== null) return refuse(refusal);
  // A dot at the end is the same name to a resolver and another one to a certificate.
  url.hostname = url.hostname.replace(/\.+$/, "");
  return { ok: true, url, address: judgeAddress(url.hostname) !== null };
}

function judgeTarget(url: URL, rules: UrlRules): UrlRefusal | null {
  const kind = kindOfHost(url.hostname);
  if (kind === "refused") return judgeAddress(url.hostname) === null ? "private_name" : "private_address";
  const isLoopback = kind === "loopback";
  if (isLoopback && !rules.allowLoopback) return "private_address";
  if (isOwn(url, rules.ownOrigin)) return "own_address";
  if (url.protocol === "http:" && !isLoopback) return "scheme";
  return isLoopback || isWebPort(url.port) ? null : "port";
}

/** A name is public until its resolver says otherwise. */
function kindOfHost(hostname: string): "public" | "loopback" | "refused" {
  const address = judgeAddress(hostname);
  if (address !== null) return address;
  const name = hostname.replace(/\.+$/, "");
  if (name === "localhost") return "loopback";
  const labels = name.split(".");
  const isPlain = labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  const ending = labels.at(-1) ?? "";
  if (!isPlain || labels.length < 2 || name.length > 253) return "refused";
  return PRIVATE_ENDINGS.includes(ending) || /^\d+$/.test(ending) ? "refused" : "public";
}

function isOwn(url: URL, ownOrigin: string | null): boolean {
  if (ownOrigin === null) return false;
  const own = new URL(ownOrigin);
  const isSameHost = url.hostname.replace(/\.+$/, "") === own.hostname || (isLocal(url) && isLocal(own));
  return isSameHost && portOf(url) === portOf(own);
}

function isLocal({ hostname }: URL): boolean {
  return kindOfHost(hostname) === "loopback";
}

function portOf({ protocol, port }: URL): string {
  return port === "" ? (protocol === "https:" ? "443" : "80") : port;
}

function isWebPort(port: string): boolean {
  return WEB_PORTS.has(port) || Number(port) >= 1024;
}

function refuse(refusal: UrlRefusal): UrlVerdict {
  return { ok: false, refusal };
}

const WORDS: Record<UrlRefusal, string> = {
  not_a_url: "It is not a plain web address.",
  too_long: `It is longer than ${MAX_URL_CHARACTERS} characters.`,
  scheme: "Only https addresses are asked.",
  credentials: "It holds a user name or a password; give those as a header.",
  private_address: "It names a private, loopback, link-local or otherwise reserved address.",
  private_name: "It names a host that is not on the public internet.",
  port: "Its port belongs to another protocol; use 443, or one from 1024 on.",
  own_address: "It is the address of this server itself.",
};

export function explainUrlRefusal(refusal: UrlRefusal): string {
  return WORDS[refusal];
}

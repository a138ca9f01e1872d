// Which git URLs a project may be cloned from: https, to a named host, without credentials.
// `allowInsecure` adds http to loopback and file, for tests alone.
import { judgeUrl } from "../outbound/url-policy.ts";

export type GitUrlVerdict = { ok: true; url: string } | { ok: false; reason: string };

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function judgeGitUrl(text: string, options: { allowInsecure: boolean }): GitUrlVerdict {
  if (text.length > 2048) return refuse("is longer than 2,048 characters");
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\s\u0000-\u001f\u007f]/.test(text)) return refuse("contains spaces or control characters");
  if (text.startsWith("-")) return refuse("begins with '-'");
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/.exec(text);
  if (match === null) return refuse("is not a URL; give the full https:// address");
  const [, scheme = "", authority = "", path = "", rest = ""] = match;
  if (authority.includes("@")) return refuse("carries a user or password; give the address without them");
  if (rest !== "") return refuse("carries a query or fragment");
  return judgeScheme(text, { scheme, authority, path }, options.allowInsecure);
}

function judgeScheme(
  url: string,
  parts: { scheme: string; authority: string; path: string },
  allowInsecure: boolean,
): GitUrlVerdict {
  if (allowInsecure && parts.scheme === "file") return { ok: true, url };
  const host = parts.authority.replace(/:\d+$/, "").toLowerCase();
  const schemeIsFine =
    parts.scheme === "https" || (allowInsecure && parts.scheme === "http" && LOOPBACK_HOSTS.has(host));
  if (!schemeIsFine) return refuse("must begin with https://");
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(host) && !(allowInsecure && LOOPBACK_HOSTS.has(host))) {
    return refuse("has no valid host name");
  }
  if (parts.path.length < 2) return refuse("names no repository");
  if (!isPublic(url, allowInsecure)) return refuse("names a host that is not on the public internet");
  return { ok: true, url };
}

/** Whatever the sandbox's network is: an address that a person entered does not lead into a private one. */
function isPublic(url: string, allowLoopback: boolean): boolean {
  const verdict = judgeUrl(url, { allowLoopback, ownOrigin: null });
  return verdict.ok || verdict.refusal === "port";
}

function refuse(reason: string): GitUrlVerdict {
  return { ok: false, reason };
}

// Takes what may be secret out of a remote server's definition, and puts references in its place.
import { findReferences, makeReference } from "../secrets/secret-reference.ts";
import { isRemote, type McpServer, type StdioServer } from "./server-schema.ts";

export type LiftedServer = { server: McpServer; secrets: { name: string; value: string }[] };

/** Headers that say what is spoken, not who asks. */
const PLAIN_HEADER = /^(?:user-agent|accept-language|x-[a-z-]*version|[a-z-]*-version)$/i;
const SECRET_WORD = /key|token|secret|passw|pwd|auth|credential|signature|\bsig\b|session|cookie|bearer|private/i;
/** A long part with digits and letters is as good as a password. */
const LONG_RANDOM = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_~.+=%-]{20,}$/;
/** Beginnings by which services mark their keys. */
const KEY_SHAPE =
  /(?:^|[^A-Za-z0-9])(?:sk-|sk_|pk_live|rk_live|ghp_|gho_|ghs_|ghu_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza|ya29\.|eyJ[A-Za-z0-9_-]{10}|npm_|hf_|dop_v1_|shpat_|SG\.)/;

/** `isTaken`: a name under which another value is kept already. */
export function liftSecrets(serverName: string, server: McpServer, isTaken: (name: string) => boolean): LiftedServer {
  if (!isRemote(server)) return { server, secrets: [] };
  const secrets: LiftedServer["secrets"] = [];
  const lift = (hint: string, value: string): string => {
    const same = secrets.find((secret) => secret.value === value);
    if (same !== undefined) return makeReference(same.name);
    const name = freeName(`${serverName}_${hint}`, (name) => isTaken(name) || secrets.some((one) => one.name === name));
    secrets.push({ name, value });
    return makeReference(name);
  };
  const headers = Object.fromEntries(
    Object.entries(server.headers).map(([name, value]) => [name, liftHeader(name, value, lift)]),
  );
  return { server: { ...server, headers, url: liftUrl(server.url, lift) }, secrets };
}

type Lift = (hint: string, value: string) => string;

function liftHeader(name: string, value: string, lift: Lift): string {
  if (value === "" || findReferences(value).length > 0) return liftAround(name, value, lift);
  if (PLAIN_HEADER.test(name) && !KEY_SHAPE.test(value)) return value;
  // The scheme is no secret, and says how the value is used.
  const [, scheme = "", rest = value] = /^((?:Bearer|Basic|Token|ApiKey) +)(\S.*)$/i.exec(value) ?? [];
  return `${scheme}${lift(name, rest)}`;
}

/** A value with a reference in it may hold a second secret beside. */
function liftAround(name: string, value: string, lift: Lift): string {
  return value
    .split(/(\$\{secret:[A-Z0-9_]+\})/)
    .map((part, index) => (index % 2 === 0 && isSuspicious(part.trim()) ? lift(name, part) : part))
    .join("");
}

function liftUrl(text: string, lift: Lift): string {
  if (!URL.canParse(text)) return text;
  const [base, query] = splitAt(text.split("#")[0] ?? "", "?");
  const [origin = "", ...segments] = splitPath(base);
  const path = segments.map((segment) => (isSuspicious(segment) ? lift("PATH", decode(segment)) : segment));
  const lifted = [origin, ...path].join("/");
  return query === undefined
    ? lifted
    : `${lifted}?${query
        .split("&")
        .map((pair) => liftPair(pair, lift))
        .join("&")}`;
}

function liftPair(pair: string, lift: Lift): string {
  const [name, value] = splitAt(pair, "=");
  if (value === undefined || value === "" || findReferences(value).length > 0) return pair;
  const isSecret = SECRET_WORD.test(name) || isSuspicious(value);
  return isSecret ? `${name}=${lift(name, decode(value))}` : pair;
}

function isSuspicious(part: string): boolean {
  return KEY_SHAPE.test(part) || LONG_RANDOM.test(part);
}

/** "https://host/a/b" in "https://host", "a", "b". */
function splitPath(base: string): string[] {
  const match = /^([a-z][a-z0-9+.-]*:\/\/[^/]*)(.*)$/i.exec(base);
  if (match === null) return [base];
  const [, origin = "", path = ""] = match;
  return path === "" ? [origin] : [origin, ...path.slice(1).split("/")];
}

function splitAt(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function freeName(hint: string, isTaken: (name: string) => boolean): string {
  const plain = hint
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^[^A-Z]+/, "");
  const base = (plain === "" ? "SECRET" : plain).slice(0, 56).replace(/_+$/, "");
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}_${count}`;
    if (!isTaken(name)) return name;
  }
}

/** What in a program's definition looks like a secret: it would lie in the sandbox, so the definition is refused. */
export function findStdioSecret({ command, args, env }: StdioServer): string | null {
  const variable = Object.entries(env).find(([name, value]) => value !== "" && isSecretVariable(name, value));
  if (variable !== undefined) return `the variable ${variable[0]}`;
  const texts = [command, ...args];
  if (texts.some((text) => text.includes("${secret:")) || args.some((_, index) => isSecretArgument(args, index)))
    return "its arguments";
  return null;
}

function isSecretVariable(name: string, value: string): boolean {
  return value.includes("${secret:") || SECRET_WORD.test(name) || KEY_SHAPE.test(value) || hasPassword(value);
}

function isSecretArgument(args: readonly string[], index: number): boolean {
  const [argument = "", before = ""] = [args[index], args[index - 1]];
  const named = /^--?[\w-]*?(?:key|token|secret|passw\w*|auth|bearer|header)[\w-]*(?:=(.+))?$/i;
  const isOption = argument.startsWith("-");
  return (
    KEY_SHAPE.test(argument) ||
    hasPassword(argument) ||
    named.exec(argument)?.[1] !== undefined ||
    (!isOption && named.test(before) && !before.includes("="))
  );
}

function hasPassword(text: string): boolean {
  return /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]+:[^/\s@]+@/i.test(text);
}

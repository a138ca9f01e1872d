// The hosts of WebFetch rules. A URL is read as a browser reads it: case, punycode, odd spellings of addresses, userinfo.

export type DomainPattern = { host: string; takesSubdomains: boolean };
export type UrlHost = { host: string; isPlain: boolean };

/** `example.com`, or `*.example.com` for everything below it. The text, or what is wrong with it. */
export function compileDomain(source: string): DomainPattern | string {
  const takesSubdomains = source.startsWith("*.");
  const name = takesSubdomains ? source.slice(2) : source;
  if (/[/:@?#*\s\\]/.test(name) || name === "") return "is not a host name such as example.com or *.example.com";
  const url = tryUrl(`https://${name}/`);
  if (url === null || url.hostname === "") return "is not a host name such as example.com or *.example.com";
  return { host: withoutLastDot(url.hostname), takesSubdomains };
}

/** Null when no host can be read. `isPlain` is false for userinfo, odd ports and schemes: no auto rule covers those. */
export function readUrlHost(text: string): UrlHost | null {
  const url = tryUrl(text.trim());
  if (url === null || url.hostname === "") return null;
  const isPlain =
    (url.protocol === "https:" || url.protocol === "http:") &&
    url.username === "" &&
    url.password === "" &&
    url.port === "" &&
    !text.includes("\\") &&
    !text.includes("@");
  return { host: withoutLastDot(url.hostname), isPlain };
}

/** For an auto rule: that very host, or one below it where the rule says so. */
export function coversHost(pattern: DomainPattern, host: string): boolean {
  return pattern.takesSubdomains ? isBelow(host, pattern.host) : host === pattern.host;
}

/** For a rule that forbids or asks: the host and all below it, since they are the same owner's. */
export function hitsHost(pattern: DomainPattern, host: string): boolean {
  return host === pattern.host || isBelow(host, pattern.host);
}

function isBelow(host: string, parent: string): boolean {
  return host.endsWith(`.${parent}`);
}

function withoutLastDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function tryUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

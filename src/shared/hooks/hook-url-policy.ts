// Which addresses an HTTP hook may name. Whether they may be reached is decided again right before each request.

const MAX_URL_CHARS = 2_048;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What is wrong with the URL; null when it will do. */
export function explainHookUrl(text: string): string | null {
  if (text.length > MAX_URL_CHARS) return `is longer than ${MAX_URL_CHARS} characters`;
  const url = URL.parse(text);
  if (url === null) return "is no URL";
  if (url.username !== "" || url.password !== "") return "holds a user or password, and hooks are kept in clear";
  if (url.hash !== "") return "has a fragment, which is never sent";
  if (url.protocol === "https:") return null;
  // Whether loopback may be reached at all is a matter of where Berth runs.
  if (url.protocol === "http:" && LOOPBACK.test(url.hostname)) return null;
  return "does not begin with https://";
}

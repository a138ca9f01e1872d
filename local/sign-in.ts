// Signs an MCP client in without a browser: registers it, fills in Berth's consent page as a person would, fetches tokens.
import type { OAuthClientProvider, StoredOAuthTokens } from "@modelcontextprotocol/client";
import { auth } from "@modelcontextprotocol/client";

const CALLBACK_URL = "http://127.0.0.1:45981/callback";

/** The part of an MCP client library that runs the OAuth flow; both generations of the SDK have it in this form. */
export type RunAuth = (
  provider: OAuthClientProvider,
  options: { serverUrl: string; authorizationCode?: string; iss?: string; scope?: string },
) => Promise<string>;

export type SignedIn = { tokens: StoredOAuthTokens; provider: OAuthClientProvider };

const runModernAuth: RunAuth = (provider, options) => auth(provider, options);

/** `mcpUrl` is the URL that a person adds to a client. */
export function signInHeadless(mcpUrl: string, signInCode: string, runAuth = runModernAuth): Promise<SignedIn> {
  return signInOnPage(mcpUrl, (page) => answerConsentPage(page, signInCode), runAuth);
}

/** `answerPage` gets the page that the client sends a person to, and gives the address that it sends the person back to. */
export async function signInOnPage(
  mcpUrl: string,
  answerPage: (page: URL) => Promise<URL>,
  runAuth = runModernAuth,
): Promise<SignedIn> {
  const { provider, visited } = createProvider();
  await runAuth(provider, { serverUrl: mcpUrl });
  const page = visited();
  if (page === null) throw new Error("The client was not sent to a page to sign in on.");
  const callback = await answerPage(page);
  const authorizationCode = callback.searchParams.get("code");
  if (authorizationCode === null) {
    throw new Error(`Signing in was refused: ${callback.searchParams.get("error") ?? "no code in the redirect"}`);
  }
  const iss = callback.searchParams.get("iss") ?? undefined;
  await runAuth(provider, { serverUrl: mcpUrl, authorizationCode, ...(iss === undefined ? {} : { iss }) });
  const tokens = await provider.tokens();
  if (tokens === undefined) throw new Error("The client got no tokens.");
  return { tokens, provider };
}

/** What an MCP client keeps between the steps of the flow, in memory. */
function createProvider(): { provider: OAuthClientProvider; visited: () => URL | null } {
  let page: URL | null = null;
  let tokens: StoredOAuthTokens | undefined;
  let information: Awaited<ReturnType<OAuthClientProvider["clientInformation"]>>;
  let verifier = "";
  let discovery: Awaited<ReturnType<NonNullable<OAuthClientProvider["discoveryState"]>>>;
  const provider: OAuthClientProvider = {
    redirectUrl: CALLBACK_URL,
    clientMetadata: {
      client_name: "Berth's tour",
      redirect_uris: [CALLBACK_URL],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    state: () => crypto.randomUUID(),
    clientInformation: () => information,
    saveClientInformation: (news) => void (information = news),
    tokens: () => tokens,
    saveTokens: (news) => void (tokens = news),
    redirectToAuthorization: (url) => void (page = url),
    saveCodeVerifier: (news) => void (verifier = news),
    codeVerifier: () => verifier,
    saveDiscoveryState: (news) => void (discovery = news),
    discoveryState: () => discovery,
  };
  return { provider, visited: () => page };
}

async function answerConsentPage(page: URL, signInCode: string): Promise<URL> {
  const shown = await fetch(page, { redirect: "manual" });
  const html = await shown.text();
  if (shown.status !== 200) throw new Error(`The sign-in page answered ${shown.status}.`);
  const form = readConsentForm(html, signInCode);
  const cookies = shown.headers.getSetCookie().map((cookie) => cookie.split(";")[0] ?? "");
  const answered = await fetch(new URL(form.action, page), {
    method: "POST",
    redirect: "manual",
    headers: { cookie: cookies.join("; "), origin: page.origin, referer: page.href },
    body: form.fields,
  });
  await answered.arrayBuffer();
  const location = answered.headers.get("location");
  if (location === null) throw new Error(`The sign-in page did not accept the code (status ${answered.status}).`);
  return new URL(location, page);
}

export type ConsentForm = { action: string; fields: URLSearchParams };

/** The page's form as a browser would send it when the person types the code and presses the first button. */
export function readConsentForm(html: string, signInCode: string): ConsentForm {
  const match = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(html);
  if (match === null) throw new Error("The sign-in page has no form.");
  const fields = new URLSearchParams();
  const inner = match[2] ?? "";
  for (const [, tag] of inner.matchAll(/<input\b([^>]*)>/gi)) addInput(fields, tag ?? "", signInCode);
  const button = [...inner.matchAll(/<button\b([^>]*)>/gi)]
    .map(([, tag]) => tag ?? "")
    .find((tag) => readAttribute(tag, "name"));
  if (button !== undefined) fields.append(readAttribute(button, "name") ?? "", readAttribute(button, "value") ?? "");
  return { action: readAttribute(match[1] ?? "", "action") ?? "", fields };
}

function addInput(fields: URLSearchParams, tag: string, signInCode: string): void {
  const name = readAttribute(tag, "name");
  if (name === null) return;
  const type = readAttribute(tag, "type") ?? "text";
  if (type === "checkbox" || type === "radio") {
    if (readAttribute(tag, "checked") !== null) fields.append(name, readAttribute(tag, "value") ?? "on");
    return;
  }
  if (type === "submit" || type === "button") return;
  fields.append(name, type === "hidden" ? (readAttribute(tag, "value") ?? "") : signInCode);
}

/** Null when the attribute is missing, the empty text when it stands without a value. */
function readAttribute(tag: string, name: string): string | null {
  const match = new RegExp(`(?:^|\\s)${name}(?:\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+)))?(?=[\\s/>]|$)`, "i").exec(
    tag,
  );
  if (match === null) return null;
  return unescapeHtml(match[1] ?? match[2] ?? match[3] ?? "");
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  return text.replaceAll(/&(?:lt|gt|quot|amp|#39);/g, (entity) => named[entity] ?? entity);
}

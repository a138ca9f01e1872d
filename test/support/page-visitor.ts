// A person's browser as far as our pages need one: cookies, links, and forms sent as they stand there.
import { readConsentForm } from "../../local/sign-in.ts";

export type PageVisitor = {
  /** Opens a page; signs in on the way when it is asked to. Other sites' pages included. */
  open(url: string): Promise<{ url: URL; status: number; html: string }>;
  /** Opens a page, fills its first form of these fields, and presses that button; follows where it leads. */
  submit(url: string, fields: Record<string, string>): Promise<{ url: URL; status: number; html: string }>;
};

export function createPageVisitor(origin: string, signInCode: string): PageVisitor {
  let cookie = "";

  async function send(url: URL, init: RequestInit = {}): Promise<Response> {
    const isOwn = url.origin === origin;
    const headers = new Headers(init.headers);
    if (isOwn && cookie !== "") headers.set("cookie", cookie);
    if (isOwn && init.method === "POST") {
      headers.set("origin", origin);
      headers.set("sec-fetch-site", "same-origin");
    }
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const set of isOwn ? answer.headers.getSetCookie() : []) cookie = set.split(";")[0] ?? "";
    return answer;
  }

  async function follow(url: URL, answer: Response): Promise<{ url: URL; status: number; html: string }> {
    const location = answer.headers.get("location");
    const html = await answer.text();
    if (answer.status < 300 || answer.status >= 400 || location === null) return { url, status: answer.status, html };
    const next = new URL(location, url);
    if (next.origin === origin && next.pathname === "/sign-in") return signIn(next);
    return follow(next, await send(next));
  }

  async function signIn(url: URL) {
    const form = readConsentForm(await (await send(url)).text(), signInCode);
    const target = new URL(form.action, url);
    return follow(target, await send(target, { method: "POST", body: form.fields }));
  }

  const open = async (url: string) => follow(new URL(url), await send(new URL(url)));
  return {
    open,
    async submit(url, fields) {
      const page = await open(url);
      const forms = [...page.html.matchAll(/<form\b[\s\S]*?<\/form>/gi)].map(([html]) => html);
      const wanted = forms.find((html) => Object.keys(fields).every((name) => html.includes(`name="${name}"`)));
      if (wanted === undefined) throw new Error(`no such form (${page.status}): ${page.html.slice(0, 2000)}`);
      const form = readConsentForm(wanted, "");
      for (const [name, value] of Object.entries(fields)) form.fields.set(name, value);
      const target = new URL(form.action, page.url);
      return follow(target, await send(target, { method: "POST", body: form.fields }));
    },
  };
}

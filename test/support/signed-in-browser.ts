// A person with a signed-in browser, as far as HTTP goes: opens a page of ours, and presses one of its buttons.

export type SignedInBrowser = {
  get(url: string): Promise<string>;
  /** Sends the page's form with that decision; gives the page that comes back. */
  press(url: string, decision: string, fields?: Record<string, string>): Promise<{ status: number; html: string }>;
};

export async function signInBrowser(origin: string, code: string): Promise<SignedInBrowser> {
  const headers = { origin, "content-type": "application/x-www-form-urlencoded" };
  const post = (url: string, fields: Record<string, string>, cookie = "") =>
    fetch(url, {
      method: "POST",
      headers: { ...headers, cookie },
      body: new URLSearchParams(fields).toString(),
      redirect: "manual",
    });
  const signedIn = await post(`${origin}/sign-in`, { code });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  if (cookie === "") throw new Error(`the sign-in answered ${signedIn.status}`);
  const get = async (url: string): Promise<string> => (await fetch(url, { headers: { cookie } })).text();
  return {
    get,
    async press(url, decision, fields = {}) {
      const form_token = /name="form_token" value="([^"]+)"/.exec(await get(url))?.[1] ?? "";
      const answered = await post(url, { form_token, decision, ...fields }, cookie);
      return { status: answered.status, html: await answered.text() };
    },
  };
}

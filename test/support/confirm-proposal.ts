// A person in a browser who confirms what a tool call proposed: signs in with the code, opens the page, and sends its form.
import { expect } from "vitest";
import type { Stack } from "./stack.ts";

/** The cookie of a browser that is signed in. */
async function signInBrowser({ url, signInCode }: Pick<Stack, "url" | "signInCode">): Promise<string> {
  const response = await post(`${url}/sign-in`, url, { code: signInCode });
  return /^([^;]+)/.exec(response.headers.get("set-cookie") ?? "")?.[1] ?? "";
}

/** Throws unless the tool's answer is a proposal; then it holds. */
export async function confirmProposal(stack: Stack, proposed: Record<string, unknown>): Promise<string> {
  expect(proposed).toMatchObject({ outcome: "proposed" });
  const confirmUrl = String(proposed["confirm_url"]);
  const cookie = await signInBrowser(stack);
  const page = await (await fetch(confirmUrl, { headers: { cookie } })).text();
  const token = /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
  await post(confirmUrl, stack.url, { form_token: token, decision: "confirm" }, cookie);
  const after = await (await fetch(confirmUrl, { headers: { cookie } })).text();
  expect(after).toContain("It holds");
  return page;
}

function post(url: string, origin: string, fields: Record<string, string>, cookie = ""): Promise<Response> {
  const headers = { origin, cookie, "sec-fetch-site": "same-origin" };
  return fetch(url, { method: "POST", redirect: "manual", headers, body: new URLSearchParams(fields) });
}

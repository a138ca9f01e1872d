// The pages in a real browser, with what a person sees and does there.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signInOnPage } from "../../local/sign-in.ts";
import { connect, start, waitForEnd } from "../journeys/person.ts";
import { type Browser, findChromium, startBrowser } from "../support/browser.ts";
import { connectModern } from "../support/mcp-clients.ts";
import { hold, say } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack } from "../support/stack.ts";

const chromium = findChromium();

describe.runIf(chromium !== null)("the pages in a browser (skipped without Chromium)", () => {
  let stack: Stack;
  let browser: Browser;
  beforeAll(async () => {
    stack = await startStack();
    browser = await startBrowser(chromium ?? "");
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  /** Types the code and presses the button, as a person does. */
  const answer = (code: string, decision: "approve" | "deny") =>
    browser.evaluate(`
      document.querySelector("input[name=code]").value = ${JSON.stringify(code)};
      document.querySelector("button[name=decision][value=${decision}]").click();
    `);

  const problem = () => browser.evaluate<string>("document.querySelector('[role=alert]')?.innerText ?? ''");

  async function sentBackTo(): Promise<URL> {
    await expect.poll(() => browser.requested().at(-1), { timeout: 10_000 }).toMatch(/^http:\/\/127\.0\.0\.1:45981\//);
    return new URL(browser.requested().at(-1) ?? "");
  }

  it("a person signs in on the consent page, after a wrong code, and the client works [auth.consent_page] [pages.browser]", async () => {
    const { tokens } = await signInOnPage(stack.mcpUrl, async (page) => {
      await browser.open(page.href);
      expect(await browser.waitForText(/Connect Berth's tour to Berth\?/)).toContain("program on your own computer");
      await answer("WRONG-CODE-0000", "approve");
      await expect.poll(problem, { timeout: 10_000 }).toMatch(/code/i);
      await answer(stack.signInCode, "approve");
      return sentBackTo();
    });
    const client = await connectModern(stack.mcpUrl, tokens);
    expect(await client.callToolOrThrow("list_sessions")).toMatchObject({ sessions: [] });
    await client.close();
  });

  it("a person who presses Deny sends the client back without a code [auth.consent_page] [pages.browser]", async () => {
    const denied = signInOnPage(stack.mcpUrl, async (page) => {
      await browser.open(page.href);
      await browser.waitForText(/Connect Berth's tour/);
      await answer(stack.signInCode, "deny");
      return sentBackTo();
    });
    await expect(denied).rejects.toThrow("access_denied");
  });

  it("a watcher sees what is said as it is said, as text, and the link opens once [watching.ticket] [pages.browser]", async () => {
    const client = await connect(stack);
    const steps = [[say("First <b>words</b>."), hold("more"), say("Last words.")]];
    stack.model.setScenarios([{ match: "Tell me", steps }]);
    const started = await start(client, { prompt: "Tell me." });
    const { url } = (await client.callToolOrThrow("create_watch_link", { session_id: started.session_id })) as {
      url: string;
    };
    await browser.open(url);
    await browser.waitForText(/First <b>words<\/b>\./);
    expect(await browser.text()).not.toContain("Last words.");
    expect(await browser.evaluate("location.search")).toBe("");
    stack.model.release("more");
    await browser.waitForText(/Last words\.[\s\S]*turn completed/);
    await waitForEnd(client, started);
    expect(browser.complaints()).toEqual([]);
    await browser.open(url);
    await browser.waitForText(/Not connected\. A link opens once/);
    await client.close();
  });
});

/** @jsxImportSource hono/jsx */
import { describe, expect, it } from "vitest";
import { ConsentPage } from "./consent-page.tsx";
import { MessagePage, renderPage } from "./page.tsx";

const details = {
  clientId: "client-1",
  clientName: "<script>alert(1)</script>",
  redirectUri: "https://app.example/callback",
  redirectHost: "app.example",
  redirectIsLoopback: false,
  scope: ["sessions:read"],
};

function render(
  changes: Partial<typeof details> & { clientDomain?: string } = {},
  problem: string | null = null,
): Promise<string> {
  return renderPage(
    <ConsentPage details={{ ...details, ...changes }} handle={'h"1'} nonce="nonce-1" problem={problem} />,
  );
}

describe("the consent page", () => {
  it("shows what a client calls itself as text, and says that nobody checked it", async () => {
    const page = await render();
    expect(page).not.toContain("<script>");
    expect(page).toContain("&lt;script&gt;");
    expect(page).toContain("nobody checked it");
    expect(page).toContain('value="h&quot;1"');
  });

  it("names the domain of a client that publishes its own description", async () => {
    expect(await render({ clientDomain: "claude.ai" })).toContain("published by <b>claude.ai</b>");
  });

  it("warns when access goes to a program on the own computer", async () => {
    expect(await render()).not.toContain("program on your own computer");
    expect(await render({ redirectHost: "127.0.0.1", redirectIsLoopback: true })).toContain(
      "program on your own computer",
    );
  });

  it("says in words what may be granted, and ticks what was asked for", async () => {
    const page = await render();
    expect(page).toContain("See your sessions");
    expect(page).toMatch(/value="sessions:read" checked/);
    expect(page).not.toMatch(/value="projects:write" checked/);
    expect(await render({ scope: [] })).toMatch(/value="projects:write" checked/);
  });

  it("works without scripts: a plain form with a way to allow and a way to deny [auth.consent_page]", async () => {
    const page = await render();
    expect(page).toContain('<form method="post" action="/authorize"');
    expect(page).toMatch(/<button name="decision" value="approve"/);
    expect(page).toMatch(/<button name="decision" value="deny"/);
    expect(page).toContain('<style nonce="nonce-1">');
  });

  it("says what was wrong with the answer before", async () => {
    expect(await render({}, "That is not the sign-in code.")).toContain('role="alert"');
    expect(await renderPage(<MessagePage title="T" message="<b>M" nonce="n" />)).toContain("&lt;b&gt;M");
  });
});

// What all pages for people share: the frame, the page that only says something, and the answer's headers.
import { html } from "hono/html";
import type { Child, FC } from "hono/jsx";
import type { SignedIn } from "./browser-session.ts";
import { PAGE_STYLE } from "./page-style.ts";

export type PageProps = {
  title: string;
  nonce: string;
  /** Who is signed in, with the way to sign out; absent on pages that know nobody. */
  signedIn?: SignedIn;
  /** Room for what is long. */
  wide?: boolean;
  children?: Child;
};

export const Page: FC<PageProps> = ({ title, nonce, signedIn, wide = false, children }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>{title}</title>
      <style nonce={nonce} dangerouslySetInnerHTML={{ __html: PAGE_STYLE }} />
    </head>
    <body>
      <main class={wide ? "wide" : ""}>
        <div class="top">
          <p class="brand">⚓ Berth</p>
          {signedIn !== undefined && <SignOut signedIn={signedIn} />}
        </div>
        {children}
      </main>
    </body>
  </html>
);

const SignOut: FC<{ signedIn: SignedIn }> = ({ signedIn }) => (
  <form class="who" method="post" action="/sign-out">
    <input type="hidden" name="form_token" value={signedIn.formToken} />
    <span>{signedIn.displayName}</span>
    <button class="link">Sign out</button>
  </form>
);

/** What is wrong, above the form that was sent; nothing for null. */
export const Problem: FC<{ text: string | null }> = ({ text }) =>
  text === null ? null : (
    <p class="problem" role="alert">
      {text}
    </p>
  );

/** Where the sign-in code is typed; `help` says more about it. */
export const CodeField: FC<{ help?: string }> = ({ help = "" }) => (
  <label class="code">
    Sign-in code
    <input name="code" type="password" autocomplete="off" spellcheck={false} aria-describedby="code-help" autofocus />
    <small id="code-help">
      Berth printed it when it started, as <b>Sign-in code</b>.{help}
    </small>
  </label>
);

export type MessageProps = { title: string; message: string; nonce: string; signedIn?: SignedIn };

/** A page that only says what is wrong and what to do. */
export const MessagePage: FC<MessageProps> = ({ message, ...page }) => (
  <Page {...page}>
    <h1>{page.title}</h1>
    <p>{message}</p>
  </Page>
);

export async function renderPage(page: ReturnType<FC>): Promise<string> {
  return (await html`<!doctype html>${page}`).toString();
}

export type PageAnswer = { nonce: string; status: number; headers?: Headers; formTargets?: string };

/** `formTargets`: where the page's forms may lead, redirects included. */
export async function pageResponse(page: ReturnType<FC>, answer: PageAnswer): Promise<Response> {
  const headers = answer.headers ?? new Headers({ "cache-control": "no-store" });
  headers.set("content-type", "text/html; charset=utf-8");
  headers.set("content-security-policy", pagePolicy(answer));
  return new Response(await renderPage(page), { status: answer.status, headers });
}

function pagePolicy({ nonce, formTargets = "'self'" }: PageAnswer): string {
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `form-action ${formTargets}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

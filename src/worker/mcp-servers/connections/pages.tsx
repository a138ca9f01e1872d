// The pages on which a person signs in at an MCP server or enters its secrets. Plain HTML: they work without JavaScript.
import { html } from "hono/html";
import type { Child, FC } from "hono/jsx";
import { PAGE_STYLE } from "../../auth/page-style.ts";
import type { SecretRow } from "../../secrets/secret-store.ts";

type Frame = { title: string; nonce: string };

const Page: FC<Frame & { children?: Child }> = ({ title, nonce, children }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>{title}</title>
      <style nonce={nonce} dangerouslySetInnerHTML={{ __html: PAGE_STYLE }} />
    </head>
    <body>
      <main>
        <p class="brand">⚓ Berth</p>
        {children}
      </main>
    </body>
  </html>
);

export type ConnectPageProps = {
  nonce: string;
  name: string;
  host: string;
  place: string;
  action: string;
  formToken: string;
};

export const ConnectPage: FC<ConnectPageProps> = ({ nonce, name, host, place, action, formToken }) => (
  <Page title={`Sign in at ${name}`} nonce={nonce}>
    <h1>
      Let Claude use <b>{name}</b> as you?
    </h1>
    <dl>
      <dt>Where you sign in next</dt>
      <dd>
        The page that <b>{host}</b> names for it. Look at its address before you type a password.
      </dd>
      <dt>Who uses it then</dt>
      <dd>
        Your sessions alone, by the server {name} {place}. What you grant there is kept encrypted, outside of the
        sandbox.
      </dd>
    </dl>
    <form method="post" action={action}>
      <input type="hidden" name="form_token" value={formToken} />
      <div class="buttons">
        <button name="decision" value="connect" class="primary">
          Go on to {host}
        </button>
      </div>
    </form>
  </Page>
);

export type SecretsPageProps = {
  nonce: string;
  place: string;
  action: string;
  formToken: string;
  secrets: readonly SecretRow[];
  /** Named by a server, and not there. */
  missing: readonly string[];
  saved: string | null;
};

export const SecretsPage: FC<SecretsPageProps> = ({ nonce, place, action, formToken, secrets, missing, saved }) => (
  <Page title="Secrets" nonce={nonce}>
    <h1>Secrets {place}</h1>
    <p>
      MCP servers name them as <code>{"${secret:NAME}"}</code>. They are kept encrypted, sent to the server that names
      them, and never shown again, not to Claude either.
    </p>
    {saved !== null && <p role="status">{saved}</p>}
    <ul>
      {secrets.map(({ name, updated_at }) => (
        <li>
          <code>{name}</code>, entered {updated_at.slice(0, 10)}
        </li>
      ))}
      {missing.map((name) => (
        <li>
          <code>{name}</code>, <b>missing</b>
        </li>
      ))}
    </ul>
    <form method="post" action={action} autocomplete="off">
      <input type="hidden" name="form_token" value={formToken} />
      <label class="code">
        Name
        <input
          name="name"
          value={missing[0] ?? ""}
          pattern="[A-Z][A-Z0-9_]*"
          maxlength={64}
          required
          spellcheck={false}
        />
      </label>
      <label class="code">
        Value
        <input name="value" type="password" autocomplete="off" required spellcheck={false} />
      </label>
      <div class="buttons">
        <button name="decision" value="save" class="primary">
          Save
        </button>
        <button name="decision" value="remove" formnovalidate>
          Remove this name
        </button>
      </div>
    </form>
  </Page>
);

export const NotePage: FC<Frame & { message: string }> = ({ title, nonce, message }) => (
  <Page title={title} nonce={nonce}>
    <h1>{title}</h1>
    <p>{message}</p>
  </Page>
);

/** `leaves`: the form's answer sends the browser on to another site. */
export async function sendPage(
  page: ReturnType<FC>,
  { nonce, status = 200, leaves = false }: { nonce: string; status?: number; leaves?: boolean },
): Promise<Response> {
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `form-action 'self'${leaves ? " https: http://localhost:* http://127.0.0.1:*" : ""}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "cache-control": "no-store",
  };
  return new Response(String(await html`<!doctype html>${page}`), { status, headers });
}

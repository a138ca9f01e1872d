// The pages on which a person signs in at an MCP server or enters its secrets. Plain HTML: they work without JavaScript.
import type { FC } from "hono/jsx";
import type { SignedIn } from "../../auth/browser-session.ts";
import { Page } from "../../auth/page.tsx";
import type { SecretRow } from "../../secrets/secret-store.ts";

type Frame = { nonce: string; signedIn: SignedIn };

export type ConnectPageProps = Frame & {
  name: string;
  host: string;
  place: string;
  action: string;
};

export const ConnectPage: FC<ConnectPageProps> = ({ nonce, signedIn, name, host, place, action }) => (
  <Page title={`Sign in at ${name}`} nonce={nonce} signedIn={signedIn}>
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
      <input type="hidden" name="form_token" value={signedIn.formToken} />
      <div class="buttons">
        <button name="decision" value="connect" class="primary">
          Go on to {host}
        </button>
      </div>
    </form>
  </Page>
);

export type SecretsPageProps = Frame & {
  place: string;
  action: string;
  secrets: readonly SecretRow[];
  /** Named by a server, and not there. */
  missing: readonly string[];
  saved: string | null;
};

export const SecretsPage: FC<SecretsPageProps> = ({ nonce, signedIn, place, action, secrets, missing, saved }) => (
  <Page title="Secrets" nonce={nonce} signedIn={signedIn}>
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
      <input type="hidden" name="form_token" value={signedIn.formToken} />
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

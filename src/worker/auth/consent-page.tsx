// The page on which a person signs in and allows or denies a client. Plain HTML: it works without JavaScript.
import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import type { FC } from "hono/jsx";
import { CodeField, Page, Problem } from "./page.tsx";
import { offerScopes } from "./scope-words.ts";

export type ConsentPageProps = {
  details: ConsentDescription;
  handle: string;
  nonce: string;
  /** What went wrong with the answer before, in words. */
  problem: string | null;
};

export const ConsentPage: FC<ConsentPageProps> = ({ details, handle, nonce, problem }) => (
  <Page title={`Connect ${details.clientName} to Berth`} nonce={nonce}>
    <h1>
      Connect <b>{details.clientName}</b> to Berth?
    </h1>
    <ClientFacts details={details} />
    <Problem text={problem} />
    <form method="post" action="/authorize" autocomplete="off">
      <input type="hidden" name="handle" value={handle} />
      <ScopeChoices requested={details.scope} />
      <CodeField />
      <div class="buttons">
        <button name="decision" value="approve" class="primary">
          Allow
        </button>
        <button name="decision" value="deny">
          Deny
        </button>
      </div>
    </form>
  </Page>
);

const ClientFacts: FC<{ details: ConsentDescription }> = ({ details }) => (
  <dl>
    <dt>Who asks</dt>
    <dd>
      {details.clientDomain === undefined ? (
        <>{details.clientName} (this name is the client's own claim; nobody checked it)</>
      ) : (
        <>
          {details.clientName}, published by <b>{details.clientDomain}</b>
        </>
      )}
    </dd>
    <dt>Access goes to</dt>
    <dd>
      <b>{details.redirectHost}</b>
      {details.redirectIsLoopback && (
        <p class="warning">
          This is a program on your own computer. Go on only if you have just started to connect from it.
        </p>
      )}
    </dd>
  </dl>
);

const ScopeChoices: FC<{ requested: readonly string[] }> = ({ requested }) => (
  <fieldset>
    <legend>It will be able to</legend>
    {offerScopes(requested).map(({ scope, words, isTicked }) => (
      <label class="scope">
        <input type="checkbox" name="scope" value={scope} checked={isTicked} />
        <span>
          {words} <code>{scope}</code>
        </span>
      </label>
    ))}
  </fieldset>
);

// The page on which a person confirms or refuses a change that lets sessions do more. Plain HTML, without JavaScript.
import type { FC } from "hono/jsx";
import { showItem } from "../../../shared/configuration/show-item.ts";
import type { SignedIn } from "../../auth/browser-session.ts";
import { Page, Problem } from "../../auth/page.tsx";
import { Diff } from "../../permissions/pages/call-view.tsx";
import { describeLeft, showTime } from "../../permissions/pages/request-facts.tsx";
import { makeVisible } from "../../permissions/pages/visible-text.ts";
import type { Proposal } from "../proposal-store.ts";

export type ProposalPageProps = {
  proposal: Proposal;
  /** Whose scope it is, in words. */
  place: string;
  /** What the client that the call came through calls itself. */
  client: string;
  signedIn: SignedIn;
  nonce: string;
  nowMs: number;
  problem?: string | null;
};

export const ProposalPage: FC<ProposalPageProps> = (props) => {
  const { proposal, signedIn, nonce, nowMs, problem = null } = props;
  const isExpired = Date.parse(proposal.expires_at) <= nowMs;
  const title = "Let sessions do more?";
  return (
    <Page title={title} nonce={nonce} signedIn={signedIn} wide>
      <h1>{title}</h1>
      <Problem text={problem} />
      <Outcome proposal={proposal} isExpired={isExpired} />
      {proposal.changes.map(({ kind, name, before, after }) => (
        <Diff
          label={labelOf(kind, name, after)}
          before={showItem(kind, name, before)}
          after={showItem(kind, name, after)}
        />
      ))}
      <ProposalFacts {...props} />
      {proposal.state === "open" && !isExpired && <Decide signedIn={signedIn} />}
    </Page>
  );
};

const Outcome: FC<{ proposal: Proposal; isExpired: boolean }> = ({ proposal, isExpired }) => {
  const { state, decided_at } = proposal;
  if (state === "open") {
    return isExpired ? (
      <p class="outcome denied" role="status">
        This has expired: nothing was changed. It has to be proposed again.
      </p>
    ) : null;
  }
  const when = decided_at === null ? "" : ` at ${showTime(decided_at)}`;
  const words =
    state === "confirmed" ? `This was confirmed${when}. It holds.` : `This was refused${when}. Nothing was changed.`;
  return (
    <p class={state === "confirmed" ? "outcome allowed" : "outcome denied"} role="status">
      {words}
    </p>
  );
};

const ProposalFacts: FC<ProposalPageProps> = ({ proposal, place, client, signedIn, nowMs }) => {
  const isOwn = proposal.proposed_by === signedIn.principal.user_id;
  return (
    <dl class="facts">
      <dt>Where it holds</dt>
      <dd>
        <b>{makeVisible(place)}</b>
      </dd>
      <dt>What is done</dt>
      <dd>{makeVisible(proposal.summary)}</dd>
      <dt>Who proposed it</dt>
      <dd>
        {isOwn ? <b>{signedIn.displayName}</b> : <>another member of your team, {proposal.proposed_by}</>}, with a tool
        call of the client {makeVisible(client)}. A model may have written the call.
      </dd>
      <dt>When</dt>
      <dd>{showTime(proposal.created_at)}</dd>
      {proposal.state === "open" && (
        <>
          <dt>Expires</dt>
          <dd>
            {describeLeft(proposal.expires_at, nowMs)} <span class="soft">({showTime(proposal.expires_at)})</span>
          </dd>
        </>
      )}
    </dl>
  );
};

const Decide: FC<{ signedIn: SignedIn }> = ({ signedIn }) => (
  <form method="post" autocomplete="off">
    <input type="hidden" name="form_token" value={signedIn.formToken} />
    <div class="buttons">
      <button name="decision" value="confirm" class="primary">
        Confirm the change
      </button>
      <button name="decision" value="refuse">
        Refuse
      </button>
    </div>
  </form>
);

const KINDS: Record<string, string> = {
  policy: "Permission rules",
  ceiling: "Ceiling: the widest permission mode, and the tools that may be used",
  repository: "What counts of the repository's own configuration",
  environment: "Environment variable",
  setting: "Setting of Claude Code",
  hooks: "Hooks",
  mcp_server: "MCP server",
};

function labelOf(kind: string, name: string, after: unknown): string {
  const title = Object.hasOwn(KINDS, kind) ? (KINDS[kind] ?? kind) : kind;
  const what = name === kind ? title : `${title}: ${name}`;
  return makeVisible(after === null ? `${what}, removed` : what);
}

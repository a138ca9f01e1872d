// Where a request comes from: project, session, who started it, why it is asked, and until when.
import type { FC } from "hono/jsx";
import type { PermissionRequestView } from "../../../shared/permissions/permission-request.ts";
import { makeVisible } from "./visible-text.ts";

type FactsProps = { request: PermissionRequestView; startedBy: string; nowMs: number };

export const Facts: FC<FactsProps> = ({ request, startedBy, nowMs }) => {
  const { session, prompt, cwd, permission_mode, reason, expires_at, settled } = request;
  return (
    <dl class="facts">
      <Fact name="Why it is asked">{makeVisible(reason)}</Fact>
      <Fact name="Project">
        <b>{session.project}</b>, branch {session.branch}
        {cwd !== null && <span class="soft"> in {makeVisible(cwd)}</span>}
      </Fact>
      <Fact name="Session">
        {makeVisible(session.title)} <span class="soft">{session.session_id}</span>
      </Fact>
      <Fact name="Started by">
        <b>{startedBy}</b> (you){prompt === null ? "; Claude goes on by itself, after a background task" : ", with:"}
        {prompt !== null && <p class="prompt">{makeVisible(prompt)}</p>}
      </Fact>
      <Fact name="Permission mode">{permission_mode}</Fact>
      {settled === null && (
        <Fact name="Expires">
          {describeLeft(expires_at, nowMs)} <span class="soft">({showTime(expires_at)})</span>; unanswered it is denied
        </Fact>
      )}
    </dl>
  );
};

const Fact: FC<{ name: string; children?: unknown }> = ({ name, children }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

/** `2026-11-21 16:40:12 UTC`: without scripts the reader's own time zone is not known. */
export function showTime(iso: string): string {
  return `${iso.slice(0, 19).replace("T", " ")} UTC`;
}

export function describeLeft(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((Date.parse(iso) - nowMs) / 1000));
  if (seconds < 90) return `in ${seconds} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `in ${minutes} minutes` : `in ${Math.round(minutes / 60)} hours`;
}

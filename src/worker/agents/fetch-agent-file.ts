// Fetches an agent's file from GitHub through the guard: first which commit is meant, then the file as it is in that one.
import { commitUrl, type GithubFile, rawUrl, readCommit, readGithubUrl } from "../../shared/agents/github-file.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { GuardedFetch, OutboundLimits } from "../outbound/guarded-fetch.ts";

const LIMITS: OutboundLimits = { headMs: 10_000, maxBytes: 512 * 1024, totalMs: 15_000, idleMs: 5_000, redirects: 3 };

export type FetchedFile = { text: string; source_url: string; source_commit: string };
export type FetchAgentFile = (url: string) => Promise<FetchedFile>;

export function createAgentFileFetch(guarded: GuardedFetch): FetchAgentFile {
  const get = async (url: string, accept: string): Promise<string> => {
    const answer = await guarded({ url, headers: { accept, "user-agent": "Berth" }, limits: LIMITS });
    if (answer.ok) return answer.text();
    await answer.body?.cancel();
    const why = answer.status === 404 ? "has no such file, branch or public repository" : `answered ${answer.status}`;
    throw refused(`GitHub ${why}. Check the URL, or give the file's text.`);
  };
  return async (url) => {
    const reading = readGithubUrl(url);
    if (!reading.ok) throw new AppError("address_refused", reading.reason);
    const commit = await findCommit(reading.file, get);
    return { text: await get(rawUrl(reading.file, commit), "text/plain, */*"), source_url: url, source_commit: commit };
  };
}

async function findCommit(file: GithubFile, get: (url: string, accept: string) => Promise<string>): Promise<string> {
  const asked = commitUrl(file);
  const commit = readCommit(asked === null ? file.ref : await get(asked, "application/vnd.github.sha"));
  if (commit === null)
    throw refused("GitHub did not say which commit the URL means. Give a link that names the commit.");
  return commit;
}

function refused(message: string): AppError {
  return new AppError("agent_refused", message);
}

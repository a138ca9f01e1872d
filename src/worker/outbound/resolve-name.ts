// Resolves names over HTTPS (RFC 8484 servers' JSON form), so that each address can be judged before a request.
// `npm start` puts a resolver of this machine in the public one's place, which answers what this machine would connect to.
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";

/** Every IPv4 and IPv6 address of a name; empty when there is none. */
export type ResolveName = (name: string) => Promise<string[]>;

export type ResolverParts = {
  /** Takes `?name=&type=` and answers `application/dns-json`. */
  resolverUrl: string;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
};

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_CHARACTERS = 64 * 1024;
const TYPES = { A: 1, AAAA: 28 } as const;
const NAME_ERROR = 3;

const answerSchema = z.object({
  Status: z.int(),
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).optional(),
});

export function createResolver(parts: ResolverParts): ResolveName {
  return async (name) => {
    const found = await Promise.all([ask(parts, name, "A"), ask(parts, name, "AAAA")]);
    return found.flat();
  };
}

/** A question without an answer refuses the name: half of its addresses prove nothing. */
async function ask({ resolverUrl, fetch }: ResolverParts, name: string, type: keyof typeof TYPES): Promise<string[]> {
  try {
    const url = new URL(resolverUrl);
    url.searchParams.set("name", name);
    url.searchParams.set("type", type);
    const headers = { accept: "application/dns-json" };
    const answer = await fetch(url.href, { headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await answer.text();
    if (!answer.ok || text.length > MAX_ANSWER_CHARACTERS) throw new Error("resolver");
    const { Status, Answer = [] } = answerSchema.parse(JSON.parse(text));
    if (Status !== 0 && Status !== NAME_ERROR) throw new Error("resolver");
    return Answer.filter((record) => record.type === TYPES[type]).map((record) => record.data);
  } catch (cause) {
    throw new AppError("address_unreachable", "The server's name cannot be resolved now. Check it, or try again.", {
      cause,
    });
  }
}

// GET and POST /sign-in, POST /sign-out: a person signs in with the browser, for the pages that ask who they are.
import type { FC } from "hono/jsx";
import { BROWSER } from "../audit/audit-recorder.ts";
import type { BrowserSessions } from "./browser-session.ts";
import { explainSignIn, type SignInOptions } from "./explain-sign-in.ts";
import { textField } from "./form-field.ts";
import { CodeField, MessagePage, Page, pageResponse, Problem } from "./page.tsx";

export type SignInRouteOptions = SignInOptions & {
  browsers: BrowserSessions;
  ensureUser: () => Promise<string>;
  newNonce: () => string;
};

export type SignInRoute = {
  show(request: Request): Promise<Response>;
  answer(request: Request): Promise<Response>;
  /** For whoever signs in without having been on the way to somewhere. */
  done(request: Request): Promise<Response>;
  signOut(request: Request): Promise<Response>;
};

export function createSignInRoute(options: SignInRouteOptions): SignInRoute {
  return {
    async show(request) {
      const next = readNext(new URL(request.url).searchParams.get("next"));
      if ((await options.browsers.read(request)) !== null) return seeOther(next ?? SIGNED_IN);
      return askCode(options, next, null);
    },
    answer: (request) => takeCode(options, request),
    done: (request) => showSignedIn(options, request),
    signOut: (request) => signOut(options, request),
  };
}

/** Where to send a person who has to sign in first, and back. */
export function signInFirst(request: Request): Response {
  return seeOther(`/sign-in?next=${encodeURIComponent(new URL(request.url).pathname)}`);
}

export function seeOther(location: string, cookie: string | null = null): Response {
  const headers = new Headers({ location, "cache-control": "no-store" });
  if (cookie !== null) headers.set("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}

const SIGNED_IN = "/sign-in/done";

async function takeCode(options: SignInRouteOptions, request: Request): Promise<Response> {
  const form = await request.formData().catch(() => null);
  if (form === null) return askCode(options, null, "Enter the sign-in code.");
  const next = readNext(textField(form, "next"));
  const problem = await explainSignIn(options, textField(form, "code"), BROWSER);
  if (problem !== null) return askCode(options, next, problem);
  const userId = await options.ensureUser();
  await options.signIns.signedIn(userId, BROWSER, []);
  options.logger.log("info", "signed_in", { user_id: userId, with: "browser" });
  return seeOther(next ?? SIGNED_IN, await options.browsers.begin(userId));
}

async function signOut(options: SignInRouteOptions, request: Request): Promise<Response> {
  const signedIn = await options.browsers.read(request);
  const form = await request.formData().catch(() => null);
  const isOwn = signedIn !== null && form !== null && (await options.browsers.ownsForm(request, form, signedIn));
  return seeOther("/sign-in", isOwn ? await options.browsers.end(request) : null);
}

/** A page of ours, by its path alone: nothing that a browser would take for another host. */
const OWN_PAGE = /^\/(?:consent|proposals|secrets|mcp-servers)(?:\/[A-Za-z0-9_-]+){1,3}$/;

function readNext(text: string | null): string | null {
  return text !== null && OWN_PAGE.test(text) ? text : null;
}

function askCode(options: SignInRouteOptions, next: string | null, problem: string | null): Promise<Response> {
  const nonce = options.newNonce();
  const page = <SignInPage nonce={nonce} next={next} problem={problem} />;
  return pageResponse(page, { nonce, status: problem === null ? 200 : 403 });
}

async function showSignedIn(options: SignInRouteOptions, request: Request): Promise<Response> {
  const signedIn = await options.browsers.read(request);
  if (signedIn === null) return seeOther("/sign-in");
  const nonce = options.newNonce();
  const message = "You are signed in with this browser. Open the link that your client shows you.";
  const page = <MessagePage title="Signed in" message={message} nonce={nonce} signedIn={signedIn} />;
  return pageResponse(page, { nonce, status: 200 });
}

const SignInPage: FC<{ nonce: string; next: string | null; problem: string | null }> = ({ nonce, next, problem }) => (
  <Page title="Sign in to Berth" nonce={nonce}>
    <h1>Sign in to Berth</h1>
    <p>{next === null ? "For the pages of this browser." : "To see what is asked, and to answer it."}</p>
    <Problem text={problem} />
    <form method="post" action="/sign-in" autocomplete="off">
      {next !== null && <input type="hidden" name="next" value={next} />}
      <CodeField help=" It lets in whoever has it: type it on this page and nowhere else, and never give it to Claude." />
      <div class="buttons">
        <button class="primary">Sign in</button>
      </div>
    </form>
  </Page>
);

// GET and POST /secrets/<scope>/<scope_id>: a person enters the values of secrets, which no tool takes or shows.
import { AppError, toFailure } from "../../../shared/errors/app-error.ts";
import { isRemote, mcpServerSchema } from "../../../shared/mcp-servers/server-schema.ts";
import type { Place } from "../../../shared/configuration/place.ts";
import { secretNameSchema } from "../../../shared/secrets/secret-reference.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import { type AuditRecorder, BROWSER } from "../../audit/audit-recorder.ts";
import type { BrowserSessions, SignedIn } from "../../auth/browser-session.ts";
import { textField } from "../../auth/form-field.ts";
import { MessagePage, pageResponse } from "../../auth/page.tsx";
import { signInFirst } from "../../auth/sign-in-route.tsx";
import type { ConfigurationService } from "../../configuration/configuration-service.ts";
import { explainError } from "../../http/json-error.ts";
import { MAX_SECRETS_PER_PLACE, type SecretStore } from "../../secrets/secret-store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { namesOfSecrets } from "../open-server.ts";
import { type MayUse, PLACE_WORDS, readOwnForm, readTarget } from "./page-request.ts";
import { SecretsPage } from "./pages.tsx";

export type SecretRoutesOptions = {
  browsers: BrowserSessions;
  audit: Pick<AuditRecorder, "around">;
  secrets: SecretStore;
  configuration: Pick<ConfigurationService, "items">;
  mayChange: MayUse;
  newNonce: () => string;
  logger: Logger;
};

type Route = (request: Request) => Promise<Response>;
export type SecretRoutes = { show: Route; save: Route };

const MAX_VALUE_CHARACTERS = 8192;

export function createSecretRoutes(options: SecretRoutesOptions): SecretRoutes {
  const page = (work: (request: Request, signedIn: SignedIn, place: Place) => Promise<Response>): Route => {
    return async (request) => {
      try {
        const signedIn = await options.browsers.read(request);
        if (signedIn === null) return signInFirst(request);
        const { place } = readTarget(request);
        if (!(await options.mayChange(signedIn.principal, place))) {
          throw new AppError("role_not_allowed", "These secrets are not yours to change. Ask an owner of the team.");
        }
        return await work(request, signedIn, place);
      } catch (error) {
        return showProblem(options, error);
      }
    };
  };
  return {
    show: page((request, signedIn, place) => show(options, signedIn, { request, place, saved: null })),
    save: page(async (request, signedIn, place) => {
      const form = await readOwnForm(options.browsers, request, signedIn);
      const saved = await save(options, signedIn.principal, place, form);
      return show(options, signedIn, { request, place, saved });
    }),
  };
}

/** Told by its name and place; its value is nobody's but the vault's. */
async function save(options: SecretRoutesOptions, principal: Principal, place: Place, form: FormData): Promise<string> {
  const action = textField(form, "decision") === "remove" ? "secret.remove" : "secret.enter";
  // A value that was typed into the wrong field goes no further.
  const name = secretNameSchema.safeParse(textField(form, "name").trim()).data ?? null;
  const target = { target_kind: "secret", target_id: name, decided_by: "page" };
  const event = { action, ...target, details: { scope: place.scope, scope_id: place.scope_id } };
  return options.audit.around({ ...principal, client_id: BROWSER }, event, () =>
    carryOut(options, principal, place, form),
  );
}

async function carryOut(
  { secrets, logger }: SecretRoutesOptions,
  principal: Principal,
  place: Place,
  form: FormData,
): Promise<string> {
  const name = secretNameSchema.safeParse(textField(form, "name").trim());
  if (!name.success)
    throw new AppError("invalid_argument", `The name ${name.error.issues[0]?.message ?? "is not valid"}.`);
  if (textField(form, "decision") === "remove") {
    await secrets.remove(principal.team_id, place, name.data);
    return `${name.data} was removed.`;
  }
  const value = textField(form, "value").trim();
  // eslint-disable-next-line no-control-regex
  if (value === "" || value.length > MAX_VALUE_CHARACTERS || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    const message = `The value must be one line of 1 to ${MAX_VALUE_CHARACTERS} characters.`;
    throw new AppError("invalid_argument", message);
  }
  const known = await secrets.list(principal.team_id, place);
  if (known.length >= MAX_SECRETS_PER_PLACE && !known.some((secret) => secret.name === name.data)) {
    throw new AppError(
      "invalid_argument",
      `There are ${MAX_SECRETS_PER_PLACE} secrets here already. Remove some first.`,
    );
  }
  await secrets.put(principal.team_id, place, { name: name.data, value, madeFor: null, createdBy: principal.user_id });
  logger.log("info", "secret_entered", { scope: place.scope });
  return `${name.data} was saved.`;
}

async function show(
  options: SecretRoutesOptions,
  signedIn: SignedIn,
  { request, place, saved }: { request: Request; place: Place; saved: string | null },
): Promise<Response> {
  const { principal } = signedIn;
  const [secrets, items] = await Promise.all([
    options.secrets.list(principal.team_id, place),
    options.configuration.items(place, principal),
  ]);
  const named = items
    .filter(({ kind }) => kind === "mcp_server")
    .flatMap(({ value }) => {
      const parsed = mcpServerSchema.safeParse(value);
      return parsed.success && isRemote(parsed.data) ? namesOfSecrets(parsed.data) : [];
    });
  const missing = [...new Set(named)].filter((name) => !secrets.some((secret) => secret.name === name));
  const nonce = options.newNonce();
  const { path: action } = readTarget(request);
  const shown = { nonce, signedIn, place: PLACE_WORDS[place.scope], action, secrets, missing, saved };
  return pageResponse(<SecretsPage {...shown} />, { nonce, status: 200 });
}

function showProblem({ newNonce, logger }: SecretRoutesOptions, error: unknown): Promise<Response> {
  const { message } = error instanceof AppError ? toFailure(error, "") : explainError(error, logger, "secrets");
  const nonce = newNonce();
  return pageResponse(<MessagePage title="This cannot go on" nonce={nonce} message={message} />, {
    nonce,
    status: 400,
  });
}

// The Worker under chaos: the real classes with bindings that can fail, and a route by which a run says what to break.
import { z } from "zod";
import * as berth from "../../src/worker/index.ts";
import {
  beginOutage,
  endOutages,
  failingBucket,
  failingDatabase,
  holdArchives,
  listWaitingArchives,
  releaseArchives,
} from "./world/failing-bindings.ts";

/** The composition root's bindings, with storage that can fail; an ended session is archived at once. */
function chaoticEnv(env: Env): Env {
  const archived = { ARCHIVE_AFTER_DAYS: "0" as unknown as Env["ARCHIVE_AFTER_DAYS"] };
  return { ...env, ...archived, BUCKET: failingBucket(env.BUCKET), DB: failingDatabase(env.DB) };
}

export class SessionObject extends berth.SessionObject {
  readonly #instance = crypto.randomUUID();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, chaoticEnv(env));
  }

  async chaosAbort(): Promise<void> {
    this.ctx.abort("chaos");
  }

  /** Another one after each abort. */
  async chaosInstance(): Promise<string> {
    return this.#instance;
  }

  /** How many events have not moved to the archive. */
  async chaosLiveEvents(): Promise<number> {
    return this.ctx.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM events").one().n;
  }
}

export class WorkspaceObject extends berth.WorkspaceObject {
  readonly #instance = crypto.randomUUID();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, chaoticEnv(env));
  }

  async chaosInstance(): Promise<string> {
    return this.#instance;
  }

  async chaosAbort(): Promise<void> {
    this.ctx.abort("chaos");
  }
}

export { TeamObject } from "../../src/worker/index.ts";

const orderSchema = z.discriminatedUnion("order", [
  z.object({ order: z.literal("abort_session"), id: z.string() }),
  z.object({ order: z.literal("abort_workspace"), id: z.string() }),
  z.object({ order: z.literal("begin_outage"), storage: z.enum(["r2", "d1"]), seed: z.number() }),
  z.object({ order: z.literal("end_outages") }),
  z.object({ order: z.literal("hold_archives") }),
  z.object({ order: z.literal("release_archives") }),
  z.object({ order: z.literal("waiting_archives") }),
  z.object({ order: z.literal("live_events"), id: z.string() }),
]);
export type ChaosOrder = z.infer<typeof orderSchema>;

type Abortable = { chaosAbort(): Promise<void>; chaosInstance(): Promise<string> };

/** True when another instance of the object has taken over. */
async function abort(find: () => Abortable): Promise<boolean> {
  const before = await find().chaosInstance();
  await find()
    .chaosAbort()
    .catch(() => null);
  return (await find().chaosInstance()) !== before;
}

async function obey(order: ChaosOrder, env: Env): Promise<unknown> {
  const session = (id: string) => env.SESSION.getByName(id) as unknown as SessionObject;
  switch (order.order) {
    case "abort_session":
      return abort(() => session(order.id));
    case "abort_workspace":
      return abort(() => env.WORKSPACE.getByName(order.id) as unknown as WorkspaceObject);
    case "begin_outage":
      return beginOutage(order.storage, order.seed);
    case "end_outages":
      return endOutages();
    case "hold_archives":
      return holdArchives();
    case "release_archives":
      return releaseArchives();
    case "waiting_archives":
      return listWaitingArchives();
    case "live_events":
      return session(order.id).chaosLiveEvents();
  }
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/chaos") return berth.default.fetch(request, chaoticEnv(env), context);
    const isAllowed = request.headers.get("authorization") === `Bearer ${env.SANDBOX_SUPERVISOR_TOKEN}`;
    if (!isAllowed) return new Response(null, { status: 404 });
    const answer = await obey(orderSchema.parse(await request.json()), env);
    return Response.json({ answer: answer ?? null });
  },
} satisfies ExportedHandler<Env>;

// The bare container: GET /start/<name> starts one by the object's own ctx.container and answers when its server does.
import { DurableObject } from "cloudflare:workers";

const PORT = 8080;
/** The pace at which Berth's Workspace object asks a starting runner. */
const POLL_MS = 25;
const DEADLINE_MS = 60_000;

type BareEnv = { BARE: DurableObjectNamespace<BareContainer> };

export class BareContainer extends DurableObject<BareEnv> {
  async startAndWait(): Promise<boolean> {
    const { container } = this.ctx;
    if (container === undefined) return false;
    if (!container.running) container.start({ enableInternet: true });
    const deadline = Date.now() + DEADLINE_MS;
    while (Date.now() < deadline) {
      if (await answers(container)) return true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return false;
  }

  async end(): Promise<boolean> {
    await this.ctx.container?.destroy();
    return true;
  }
}

async function answers(container: Container): Promise<boolean> {
  try {
    const response = await container.getTcpPort(PORT).fetch("http://container/");
    return (await response.text()) === "ok";
  } catch {
    return false;
  }
}

export default {
  async fetch(request: Request, env: BareEnv): Promise<Response> {
    const [, action, name = ""] = new URL(request.url).pathname.split("/");
    if (action === "health") return new Response("ok");
    const object = env.BARE.getByName(name);
    if (action === "start") return new Response(null, { status: (await object.startAndWait()) ? 204 : 503 });
    if (action === "end") return new Response(null, { status: (await object.end()) ? 204 : 503 });
    return new Response(null, { status: 404 });
  },
};

// The bare stream: passes on what the sandbox says as it comes, and keeps nothing.
export default {
  async fetch(request: Request, env: { SANDBOX_URL: string }): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/health") return new Response("ok");
    const stream = await fetch(`${env.SANDBOX_URL}${pathname}${search}`);
    return new Response(stream.body, { headers: { "content-type": "application/x-ndjson" } });
  },
};

// Runs one job before the container tests: on a machine whose disk is cold the first container takes minutes to read
// its image, which says nothing about Berth. What it finds wrong is left to the tests to say.
import { createDocker } from "../../local/containers.ts";
import { connectModern, signIn } from "../support/mcp-clients.ts";
import { startStack } from "../support/stack.ts";

const PATIENCE_MS = 4 * 60_000;

export default async function warmEngine(): Promise<void> {
  if (!(await createDocker(process.env["WRANGLER_DOCKER_BIN"] ?? "docker").answers())) return;
  const begun = Date.now();
  const stack = await startStack({ sandbox: "container" });
  try {
    const client = await connectModern(stack.url, await signIn(stack.url, stack.signInCode));
    let answer = await client.callToolOrThrow("execute_claude", { prompt: "write hello.txt", wait_seconds: 40 });
    const { session_id } = answer;
    while ((answer["result"] ?? null) === null && Date.now() - begun < PATIENCE_MS) {
      answer = await client.callToolOrThrow("wait_for_session", { session_id, wait_seconds: 40 });
    }
    await client.close();
    console.log(`The first container was ready after ${Math.round((Date.now() - begun) / 1000)} s.`);
  } finally {
    await stack.stop();
  }
}

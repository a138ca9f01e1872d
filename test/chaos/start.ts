// The local stack with the chaos Worker, a runner that keeps a journal, and a proxy between the objects and the runners.
import { join } from "node:path";
import { runLocalStack } from "../../local/local-stack.ts";

const proxyUrl = process.env["CHAOS_PROXY_URL"] ?? "";

await runLocalStack({
  workerEntry: "test/chaos/worker.ts",
  runnerEntry: join(import.meta.dirname, "runner.ts"),
  supervisorUrl: (real) => `${proxyUrl}/to/${new URL(real).port}`,
});

// The local stack whose runners drive a stub in the place of Claude Code's process.
import { join } from "node:path";
import { runLocalStack } from "../../../local/local-stack.ts";

await runLocalStack({ runnerEntry: join(import.meta.dirname, "runner.ts") });

// `npm start`: the local stack, as it is.
import { runLocalStack } from "./local-stack.ts";

await runLocalStack();

// The engine's process: forked by the runner under the agent's own user, it does one job after the other and forgets each.
import { flushCompileCache } from "node:module";
import { serveEngine } from "./serve-engine.ts";

/** By then everything is loaded. */
const LOADED_MS = 2_000;

serveEngine();
// It is ended by a signal, which writes nothing down: the next one starts from what is compiled.
setTimeout(flushCompileCache, LOADED_MS).unref();

// The sandbox supervisor as a process of its own: it lives on while `wrangler dev` is started again. Prints its port once.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openHome } from "../home.ts";
import { createRunnerProcesses } from "./runner-processes.ts";
import { createSupervisorServer } from "./supervisor-server.ts";

const LOG_CHECK_INTERVAL_MS = 10_000;

const [home, port = "0"] = process.argv.slice(2);
if (home === undefined) throw new Error("Usage: node local/sandboxes/main.ts <BERTH_HOME> [port]");
const repository = join(import.meta.dirname, "..", "..");
const secrets = openHome(home);
const runners = createRunnerProcesses({
  home,
  homeId: secrets.home_id,
  entry: process.env["BERTH_RUNNER_ENTRY"] ?? join(repository, "src", "container", "main.ts"),
  repository,
});
const server = createSupervisorServer({ token: secrets.sandbox_supervisor_token, runners });
server.listen(Number(port), "127.0.0.1");
await once(server, "listening");
setInterval(() => runners.boundLogs(), LOG_CHECK_INTERVAL_MS).unref();
console.log(JSON.stringify({ listening: (server.address() as AddressInfo).port }));

// `npm run bench [-- name…]`: runs all benchmarks, or those named, and prints their tables. It judges nothing by its exit code.
import { chooseStateFolder } from "./state-folder.ts";
import { configurationMerge } from "./configuration-merge.ts";
import { coldContainer } from "./cold-container.ts";
import { edgeRequests } from "./edge-requests.ts";
import { eventThroughput } from "./event-throughput.ts";
import { firstModelRequest } from "./first-model-request.ts";
import { idleSession } from "./idle-session.ts";
import { messageDelay } from "./message-delay.ts";
import { stopRunning } from "./running-parts.ts";
import { usageReports } from "./usage-reports.ts";
import { type Benchmark, describeMachine, formatReport } from "./report.ts";

const BENCHMARKS: readonly Benchmark[] = [
  edgeRequests,
  firstModelRequest,
  messageDelay,
  eventThroughput,
  idleSession,
  configurationMerge,
  usageReports,
  coldContainer,
];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(", ")}. There are: ${BENCHMARKS.map(({ name }) => name).join(", ")}.`,
  );
  process.exit(2);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void stopRunning().finally(() => process.exit(130)));
}

const state = chooseStateFolder();
console.log(`${describeMachine()}\nstate: ${state}\n`);
for (const benchmark of BENCHMARKS) {
  if (names.length > 0 && !names.includes(benchmark.name)) continue;
  // Progress goes to stderr: stdout holds the tables alone.
  const report = await benchmark.run((line) => console.error(`  … ${benchmark.name}: ${line}`));
  console.log(formatReport(report));
}
process.exit(0);

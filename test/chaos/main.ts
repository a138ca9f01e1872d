// `npm run chaos`: breaks everything that can break at every moment that matters, and says what was lost. Exit code 1 when
// anything was.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FAULT_NAMES, FAULTS, type FaultName } from "./faults.ts";
import { MOMENT_NAMES, type MomentName } from "./moments.ts";
import { type Cast, type CellResult, strike } from "./strike.ts";
import { formatFindings, formatTable } from "./table.ts";
import { createDice } from "./world/seed.ts";
import { startWorld, type World } from "./world/world.ts";

const DEFAULT_SEED = 20_260_914;
const DEFAULT_ROUNDS = 3;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    rounds: { type: "string" },
    only: { type: "string" },
    short: { type: "boolean", default: false },
    report: { type: "string" },
  },
});
const seed = Number(values.seed ?? DEFAULT_SEED);
const rounds = values.short ? 1 : Number(values.rounds ?? DEFAULT_ROUNDS);
const [onlyFault = "", onlyMoment = ""] = (values.only ?? "/").split("/");
const faults = FAULT_NAMES.filter((name) => name.toLowerCase().includes(onlyFault.toLowerCase()));
const moments = MOMENT_NAMES.filter((name) => name.toLowerCase().includes(onlyMoment.toLowerCase()));
const begun = Date.now();
const seconds = () => Math.round((Date.now() - begun) / 1000);
const worlds = new Set<World>();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void stopAll().finally(endEarly));
}

console.log(`chaos: seed ${seed}, ${rounds} rounds, ${faults.length} faults x ${moments.length} moments`);
const results: CellResult[] = [];
for (let round = 1; round <= rounds; round++) await runRound(round);
const broken = tell();
if (values.report !== undefined) writeReport(values.report, results.length, broken);
process.exit(broken === 0 && results.length > 0 ? 0 : 1);

/** What was found so far; the number of cells that are wrong. */
function tell(): number {
  const wrong = results.filter(({ findings }) => findings.length > 0).length;
  console.log(`\n${formatTable(results)}\n`);
  if (wrong > 0) console.log(`${formatFindings(results)}\n`);
  console.log(`chaos: seed ${seed}, ${results.length - wrong} of ${results.length} cells clean, ${seconds()} s`);
  return wrong;
}

/** In two lanes, each with a stack of its own: what waits in the one costs the other nothing. */
async function runRound(round: number): Promise<void> {
  const order = createDice(seed).fork(`round ${round}`).shuffle(faults);
  const lanes = [true, false].map((kills) => order.filter((name) => FAULTS[name].kills === kills));
  await Promise.all(lanes.map((names) => runLane(round, names)));
}

async function runLane(round: number, names: readonly FaultName[]): Promise<void> {
  if (names.length === 0) return;
  const cast: Cast = new Map();
  const world = await startWorld();
  worlds.add(world);
  try {
    for (const name of names) results.push(...(await runFault(world, { cast, name, round })));
  } finally {
    worlds.delete(world);
    await world.stop();
  }
}

function endEarly(): never {
  tell();
  process.exit(130);
}

async function stopAll(): Promise<void> {
  await Promise.allSettled([...worlds].map((world) => world.stop()));
}

async function runFault(
  world: World,
  { cast, name, round }: { cast: Cast; name: FaultName; round: number },
): Promise<CellResult[]> {
  const since = Date.now();
  const id = `r${round}f${FAULT_NAMES.indexOf(name) + 1}`;
  const dice = createDice(seed).fork(`${round}/${name}`);
  const show = (line: string) => console.log(`${String(seconds()).padStart(5)} s  round ${round}  ${name}: ${line}`);
  const struck = await strike({ world, dice, cast, name, moments, id, show }).catch((error: unknown) =>
    moments.map((moment: MomentName): CellResult => ({
      fault: name,
      moment,
      findings: [{ count: "turns", why: `the run itself failed: ${String(error)}` }],
      ends: [],
    })),
  );
  const wrong = struck.filter(({ findings }) => findings.length > 0).length;
  show(`${wrong} of ${struck.length} cells wrong, ${Math.round((Date.now() - since) / 1000)} s`);
  return struck;
}

/** In the form of the test reports that .ci/run adds up: a cell is a test. */
function writeReport(path: string, cells: number, failed: number): void {
  const report = { numPassedTests: cells - failed, numFailedTests: failed, numPendingTests: 0, numTodoTests: 0 };
  writeFileSync(path, JSON.stringify(report));
}

// One fault at all moments: brings every cell to its moment, strikes once, lets all go on, and judges what came of it.
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../support/scripted-model/scenario.ts";
import { type Fault, FAULTS, type FaultName } from "./faults.ts";
import { type Arrival, type Cell, MOMENTS, type MomentName, workspaceOf } from "./moments.ts";
import type { Finding } from "./oracle/counts.ts";
import { judge } from "./oracle/judge.ts";
import { type Actor, createActor, hasAll, repeatCall, settles, submit, toRecord } from "./world/actor.ts";
import type { Dice } from "./world/seed.ts";
import { until, type World } from "./world/world.ts";

const QUIET_TIMEOUT_MS = 15_000;
const SETTLE_TIMEOUT_MS = 90_000;
const MAX_JITTER_MS = 400;
/** Messages are on their way for about as long. */
const MAX_HEAD_START_MS = 150;

export type CellResult = { fault: FaultName; moment: MomentName; findings: Finding[]; ends: string[] };

/** The sessions that are struck again and again, by moment; one that was found wrong is replaced. */
export type Cast = Map<MomentName, { actors: Actor[]; workspaceId: string }>;

type Strike = {
  world: World;
  dice: Dice;
  cast: Cast;
  name: FaultName;
  moments: readonly MomentName[];
  id: string;
  show(line: string): void;
};

export async function strike(options: Strike): Promise<CellResult[]> {
  const { world, dice, name } = options;
  const fault: Fault = FAULTS[name];
  const cells = options.moments.map((moment, index) => createCell(options, moment, index));
  for (const { moment, actors } of cells) {
    if (!options.cast.has(moment)) await world.call("create_project", { name: actors[0]?.project });
  }
  const arrivals = await Promise.all(cells.map((cell) => MOMENTS[cell.moment](cell)));
  cells.forEach(workspaceOf);
  await Promise.all(cells.map(remember));
  await Promise.all(arrivals.map(async (arrival) => arrival.late?.()));
  arrivals.forEach((arrival) => arrival.expect(fault.survivor));
  await sleep(dice.roll() < 0.5 ? 0 : dice.between(0, MAX_JITTER_MS));
  options.show("strikes");
  await strikeOnce({ world, cells, dice }, fault, arrivals);
  options.show("is over");
  await Promise.all(cells.flatMap(({ actors }) => actors.map((actor) => settle(world, actor))));
  options.show("has settled");
  const results = await Promise.all(cells.map((cell, index) => finish(cell, arrivals[index], name)));
  for (const cell of cells) keepOrReplace(options.cast, cell, results);
  return results;
}

type Release = "before" | "during" | "after";

/** What waits goes on shortly before the strike, before the fault is over, or after it. */
async function strikeOnce(struck: Parameters<Fault["strike"]>[0], fault: Fault, arrivals: Arrival[]): Promise<void> {
  const { dice } = struck;
  const release = (which: Arrival[]) => Promise.all(which.map(async (arrival) => arrival.release()));
  const when = dice.pick(timesOf(fault));
  const [exact, others] = [arrivals.filter(({ last }) => last !== undefined), arrivals.filter(({ last }) => !last)];
  if (when === "before") {
    await release(others);
    await sleep(dice.between(0, MAX_HEAD_START_MS));
  }
  await Promise.all(exact.map(async ({ last }) => last?.()));
  await fault.strike(struck);
  const healed = Promise.resolve(fault.heal(struck));
  // Waited for below, and until then nobody else's business.
  healed.catch(() => undefined);
  if (when === "during") await sleep(dice.between(0, MAX_JITTER_MS));
  if (when !== "after") await release(when === "before" ? exact : arrivals);
  await healed;
  if (when === "after") await release(arrivals);
}

/** A turn may end before it is struck only where it would end the same way. */
function timesOf({ survivor, lasts, strikesFirst }: Fault): readonly [Release, ...Release[]] {
  if (strikesFirst === true) return ["during"];
  if (survivor !== "cli") return ["during", "after"];
  return lasts ? ["before", "during"] : ["before", "during", "after"];
}

function createCell({ world, dice, cast, id }: Strike, moment: MomentName, index: number): Cell {
  const cellId = `${id}-${index + 1}`;
  const known = cast.get(moment);
  if (known !== undefined) {
    for (const prompt of known.actors.flatMap(({ prompts }) => prompts)) prompt.isOld = prompt.ends[0] === "completed";
    return { world, dice: dice.fork(moment), id: cellId, moment, ...known };
  }
  const actor = createActor(cellId, `chaos-${cellId}`);
  return { world, dice: dice.fork(moment), id: cellId, moment, actors: [actor], workspaceId: "" };
}

/** Reads what a client can see now: none of it may change. What was said before the moment has arrived by then. */
async function remember({ world, actors }: Cell): Promise<void> {
  for (const actor of actors) {
    if (actor.sessionId === "") continue;
    await until(async () => {
      actor.before = await world.readLog(actor.sessionId);
      return hasAll(world, actor, actor.before);
    }, QUIET_TIMEOUT_MS);
  }
}

async function finish(cell: Cell, arrival: Arrival | undefined, fault: FaultName): Promise<CellResult> {
  const { world, moment, actors } = cell;
  await arrival?.after?.();
  const struck = [...actors];
  // An ended session takes no prompt: its project's next session does.
  if (moment === "while archiving") actors[0] = createActor(`${cell.id}-next`, struck[0]?.project ?? "");
  await Promise.all(actors.map((actor) => takeNext(cell, actor)));
  const all = [...new Set([...struck, ...actors])];
  const records = await Promise.all(all.map((actor) => toRecord(world, actor)));
  const ends = records.flatMap(({ events }) =>
    events.filter((event) => event.type === "turn_completed").map((event) => String(event.data["status"])),
  );
  return { fault, moment, findings: records.flatMap(judge), ends };
}

async function settle(world: World, actor: Actor): Promise<void> {
  if (!(await settles(world, actor, SETTLE_TIMEOUT_MS))) actor.unmet.push(`${actor.label}: it did not come to rest`);
  const [first] = actor.prompts;
  const newest = actor.prompts.at(-1);
  for (const prompt of new Set([first, newest])) if (prompt !== undefined) await repeatCall(world, actor, prompt);
}

async function takeNext(cell: Cell, actor: Actor): Promise<void> {
  const finalText = `${cell.id} goes on in ${actor.label}.`;
  const scenario = { steps: [[say(finalText)]] };
  await submit(cell.world, actor, cell.dice, { scenario, finalText, isNext: true });
  await settles(cell.world, actor, SETTLE_TIMEOUT_MS);
}

function keepOrReplace(cast: Cast, cell: Cell, results: readonly CellResult[]): void {
  const isGood = results.find(({ moment }) => moment === cell.moment)?.findings.length === 0;
  if (isGood) cast.set(cell.moment, { actors: cell.actors, workspaceId: cell.workspaceId });
  else cast.delete(cell.moment);
}

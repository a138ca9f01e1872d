// The moments at which a fault strikes. Each is reached by a gate, not by a time: what has to have happened has happened.
import { setTimeout as sleep } from "node:timers/promises";
import { callTool, hold, say } from "../support/scripted-model/scenario.ts";
import type { SessionEvent } from "../../src/shared/events/event.ts";
import type { TurnStatus } from "../../src/shared/sessions/schema.ts";
import { type Actor, createActor, submit } from "./world/actor.ts";
import { readJournals } from "./world/journal.ts";
import type { Dice } from "./world/seed.ts";
import { until, type World } from "./world/world.ts";

/** A fault leaves Claude Code alive, or its runner alone, or neither. */
export type Survivor = "cli" | "runner" | "none";

export type Cell = {
  world: World;
  dice: Dice;
  /** Differs for each fault and round: gates and files are named after it. */
  id: string;
  moment: MomentName;
  /** Those who take the next prompt afterwards. */
  actors: Actor[];
  workspaceId: string;
};

export type Arrival = {
  /** Brought about last of all, because it cannot last long. */
  late?(): Promise<void>;
  /** Brought about right before the strike: it is a matter of milliseconds. */
  last?(): Promise<void>;
  /** Lets everything go on. */
  release(): void | Promise<void>;
  /** How the open turn may end. */
  expect(survivor: Survivor): void;
  /** After everything has settled. */
  after?(): Promise<void>;
};

type Arrive = (cell: Cell) => Promise<Arrival>;

const ARRIVE_TIMEOUT_MS = 40_000;

export const MOMENTS = {
  "before the first message": beforeFirstMessage,
  "mid-stream": midStream,
  "during a tool": duringTool,
  "while a permission waits": whilePermissionWaits,
  "between result and acknowledgement": betweenResultAndAcknowledgement,
  "during a follow-up": duringFollowUp,
  "while archiving": whileArchiving,
} satisfies Record<string, Arrive>;
export type MomentName = keyof typeof MOMENTS;
export const MOMENT_NAMES = Object.keys(MOMENTS) as MomentName[];

const ENDS: Record<Survivor, TurnStatus[]> = { cli: ["completed"], runner: ["failed"], none: ["interrupted"] };
const ANY_END: TurnStatus[] = ["completed", "failed", "interrupted"];

async function beforeFirstMessage(cell: Cell): Promise<Arrival> {
  const { world, dice, id } = cell;
  const isFresh = dice.roll() < 0.5;
  const actor = isFresh ? replaceActor(cell) : firstActor(cell);
  const finalText = `All of ${id} is said.`;
  const prompt = await submit(world, actor, dice, { scenario: { steps: [[hold(id), say(finalText)]] }, finalText });
  // In a session of its own the fault meets the sandbox and Claude Code while they start.
  if (!isFresh) await reached(cell, id);
  return {
    release: () => world.stack.model.release(id),
    expect: (survivor) => void (prompt.ends = isFresh && survivor !== "cli" ? ANY_END : ENDS[survivor]),
  };
}

async function midStream(cell: Cell): Promise<Arrival> {
  const { world, dice, id } = cell;
  const finalText = `The rest of ${id}.`;
  const steps = [[say(`Some of ${id}.`), hold(id), say(finalText)]];
  const prompt = await submit(world, firstActor(cell), dice, { scenario: { steps }, finalText });
  await reached(cell, id);
  return {
    release: () => world.stack.model.release(id),
    expect: (survivor) => void (prompt.ends = ENDS[survivor]),
  };
}

async function duringTool(cell: Cell): Promise<Arrival> {
  const { world, dice, id } = cell;
  const [begun, go, workFile] = [`begun-${id}`, `go-${id}`, `work-${id}`];
  const command = `touch ${begun}; until [ -e ${go} ]; do sleep 0.1; done; echo once >> ${workFile}`;
  const finalText = `The tool of ${id} has run.`;
  const steps = [[callTool("Bash", { command, description: "work" })], [say(finalText)]];
  const prompt = await submit(world, firstActor(cell), dice, { scenario: { steps }, finalText, workFile });
  await needs(cell, "its tool did not begin", () => world.files.exists(workspaceOf(cell), begun));
  return {
    release: () => world.files.write(workspaceOf(cell), go),
    expect: (survivor) => void (prompt.ends = ENDS[survivor]),
  };
}

/** A follow-up's tool asks while another session has the lease: the question waits in the object. */
async function whilePermissionWaits(cell: Cell): Promise<Arrival> {
  const { world, dice, id } = cell;
  const [asking, holding] = [firstActor(cell), secondActor(cell)];
  const workFile = `work-${id}`;
  const finalText = `${id} asked and did it.`;
  const asked = callTool("Bash", { command: `echo once >> ${workFile}`, description: "work" });
  await beginBackground(cell, asking, { follow_up: [[asked], [say(finalText)]], workFile });
  const held = await submit(world, holding, dice, {
    scenario: { steps: [[hold(id), say(`${id} held the lease.`)]] },
    finalText: `${id} held the lease.`,
  });
  await reached(cell, id);
  world.files.write(workspaceOf(cell), `go-${id}`);
  const followUp = expectFollowUp(asking, finalText);
  await needs(cell, "the follow-up did not ask", async () => {
    const events = await logSinceNewestPrompt(cell, asking);
    const turn = events.find((event) => event.type === "turn_started" && event.data["origin"] === "follow_up");
    const isOfTurn = (event: SessionEvent) => turn !== undefined && event.turn_id === turn.turn_id;
    return events.some((event) => event.type === "tool_call_started" && isOfTurn(event));
  });
  return {
    release: () => world.stack.model.release(id),
    expect(survivor) {
      held.ends = ENDS[survivor];
      followUp.ends = ENDS[survivor];
    },
  };
}

/** Either the object has the result and its acknowledgement is on its way, or the result itself is. */
async function betweenResultAndAcknowledgement(cell: Cell): Promise<Arrival> {
  const { world, dice, id } = cell;
  const actor = firstActor(cell);
  const finalText = `The result of ${id}.`;
  const prompt = await submit(world, actor, dice, { scenario: { steps: [[hold(id), say(finalText)]] }, finalText });
  await reached(cell, id);
  const isStored = dice.roll() < 0.5;
  const findEnd = (): number | undefined =>
    readJournals(world.stack.home, actor.sessionId)
      .filter(({ isAlive }) => isAlive)
      .flatMap(({ entries }) => entries)
      .find((entry) => entry.kind === "turn_ended" && entry.turn_id === prompt.answers[0]?.turn_id)?.source_seq;
  return {
    async last() {
      const held = world.proxy.holdAcknowledgement(workspaceOf(cell), (seq) => seq >= (findEnd() ?? Infinity));
      if (!isStored) world.proxy.hold(workspaceOf(cell), ["to_object"]);
      world.stack.model.release(id);
      if (!isStored) return needs(cell, "the result was not spooled", () => findEnd() !== undefined);
      // Not a moment later: whoever acknowledges before it has stored is found out here.
      const isHeld = await Promise.race([held.then(() => true), sleep(ARRIVE_TIMEOUT_MS, false, { ref: false })]);
      if (!isHeld) await needs(cell, "the result was not acknowledged", () => false);
    },
    release: () => world.proxy.release(workspaceOf(cell)),
    expect: (survivor) => void (prompt.ends = isStored || survivor !== "none" ? ["completed"] : ["interrupted"]),
  };
}

async function duringFollowUp(cell: Cell): Promise<Arrival> {
  const { world, id } = cell;
  const actor = firstActor(cell);
  const finalText = `${id} is followed up.`;
  await beginBackground(cell, actor, { follow_up: [[say(`${id} goes on.`), hold(id), say(finalText)]] });
  world.files.write(workspaceOf(cell), `go-${id}`);
  await reached(cell, id);
  const followUp = expectFollowUp(actor, finalText);
  return {
    release: () => world.stack.model.release(id),
    expect: (survivor) => void (followUp.ends = ENDS[survivor]),
  };
}

/** An ended session whose archive is about to be written to R2. */
async function whileArchiving(cell: Cell): Promise<Arrival> {
  const { world, dice, id } = cell;
  const actor = replaceActor(cell);
  const finalText = `${id} is for the archive.`;
  const prompt = await submit(world, actor, dice, { scenario: { steps: [[say(finalText)]] }, finalText });
  await needs(cell, "its turn did not end", async () => {
    const view = await world.call("get_session", { session_id: actor.sessionId });
    return (view?.["session"] as { status?: string } | undefined)?.status === "idle";
  });
  const { sessionId } = actor;
  return {
    async late() {
      await world.order({ order: "hold_archives" });
      await world.call("end_session", { session_id: sessionId });
      await needs(cell, "it was not archived", async () =>
        ((await world.order({ order: "waiting_archives" })) as string[]).some((key) => key.includes(sessionId)),
      );
    },
    release: async () => void (await world.order({ order: "release_archives" })),
    expect: () => void (prompt.ends = ["completed"]),
    async after() {
      const isArchived = async () => (await world.order({ order: "live_events", id: sessionId })) === 0;
      await needs(cell, "its events did not move to the archive", isArchived);
      const refused = await world.refusal("execute_claude", {
        session_id: sessionId,
        prompt: "More?",
        wait_seconds: 0,
      });
      if (refused?.includes("session_ended") !== true)
        actor.unmet.push(`${actor.label}: an ended session took a prompt`);
    },
  };
}

/** A turn that ends and leaves a background task, which ends once the file go-<id> is there. */
async function beginBackground(
  cell: Cell,
  actor: Actor,
  { follow_up, workFile }: { follow_up: Parameters<typeof submit>[3]["scenario"]["follow_up"]; workFile?: string },
): Promise<void> {
  const { world, dice, id } = cell;
  const command = `touch begun-${id}; until [ -e go-${id} ]; do sleep 0.1; done`;
  const finalText = `${id} waits.`;
  const steps = [[callTool("Bash", { command, description: "wait", run_in_background: true })], [say(finalText)]];
  const scenario = { steps, ...(follow_up === undefined ? {} : { follow_up }) };
  const prompt = await submit(world, actor, dice, {
    scenario,
    finalText,
    ...(workFile === undefined ? {} : { workFile }),
  });
  await needs(cell, "the turn before the follow-up did not end", async () => {
    const events = await logSinceNewestPrompt(cell, actor);
    const isEnded = events.some((e) => e.type === "turn_completed" && e.turn_id === prompt.answers[0]?.turn_id);
    return isEnded && world.files.exists(workspaceOf(cell), `begun-${id}`);
  });
}

function logSinceNewestPrompt({ world }: Cell, { sessionId, prompts }: Actor): Promise<SessionEvent[]> {
  return world.readLog(sessionId, prompts.at(-1)?.answers[0]?.cursor);
}

function expectFollowUp(actor: Actor, finalText: string): Actor["followUps"][number] {
  const followUp = { ends: ["completed"] as TurnStatus[], finalText };
  actor.followUps.push(followUp);
  return followUp;
}

async function reached(cell: Cell, gate: string): Promise<void> {
  let isReached = false;
  void cell.world.stack.model.reached(gate).then(() => (isReached = true));
  await needs(cell, `the model was not asked at ${gate}`, () => isReached);
}

/** What does not come about is a finding of its own. */
async function needs(cell: Cell, otherwise: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  if (await until(condition, ARRIVE_TIMEOUT_MS)) return;
  firstActor(cell).unmet.push(`${cell.id}: ${otherwise}`);
}

function firstActor({ actors }: Cell): Actor {
  const [actor] = actors;
  if (actor === undefined) throw new Error("a cell without a session");
  return actor;
}

function secondActor(cell: Cell): Actor {
  const { actors, id } = cell;
  const first = firstActor(cell);
  const second = actors[1] ?? createActor(`${id}-second`, first.project);
  actors[1] = second;
  return second;
}

/** A session of its own for this fault, in the same project. */
function replaceActor(cell: Cell): Actor {
  const actor = createActor(`${cell.id}-own`, firstActor(cell).project);
  cell.actors[0] = actor;
  return actor;
}

/** Empty until the sandbox has files of the session. */
export function workspaceOf(cell: Cell): string {
  for (const { sessionId } of cell.actors) {
    if (cell.workspaceId === "" && sessionId !== "") cell.workspaceId = cell.world.workspaceOf(sessionId) ?? "";
  }
  return cell.workspaceId;
}

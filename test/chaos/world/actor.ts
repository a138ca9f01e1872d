// One session under chaos, and the person who prompts it: remembers what was asked and answered, to be judged later.
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import type { TurnStatus } from "../../../src/shared/sessions/schema.ts";
import { prompt as withScenario, type Started } from "../../journeys/person.ts";
import { modelRequestSchema, type ModelRequest } from "../../support/scripted-model/conversation.ts";
import type { EmbeddedScenario } from "../../support/scripted-model/scenario.ts";
import type { PromptRecord, SessionRecord } from "../oracle/record.ts";
import { keyOf, loggedMessages, messagesOf } from "../oracle/messages.ts";
import { readJournals } from "./journal.ts";
import type { Dice } from "./seed.ts";
import { until, type World } from "./world.ts";

const SUBMIT_TIMEOUT_MS = 90_000;
/** The answer is lost at some time between these: before the object was asked, or after it has answered. */
const LOSE_AFTER_MS = [0, 40] as const;

type Prompt = {
  -readonly [Name in keyof PromptRecord]: PromptRecord[Name] extends readonly (infer Item)[]
    ? Item[]
    : PromptRecord[Name];
} & { text: string; key: string; workFile: string | null };

export type Actor = {
  readonly label: string;
  readonly project: string;
  sessionId: string;
  prompts: Prompt[];
  followUps: { ends: TurnStatus[]; finalText: string | null }[];
  unmet: string[];
  before: SessionEvent[];
};

export type NewPrompt = {
  scenario: EmbeddedScenario;
  finalText: string | null;
  /** What the prompt's tool writes a line to when it does its work. */
  workFile?: string;
  isNext?: boolean;
};

export function createActor(label: string, project: string): Actor {
  return { label, project, sessionId: "", prompts: [], followUps: [], unmet: [], before: [] };
}

/** Sends a prompt; the answer is lost some of the time, and the call then made again with the same key. */
export async function submit(world: World, actor: Actor, dice: Dice, asked: NewPrompt): Promise<Prompt> {
  const number = actor.prompts.length + 1;
  const marker = `#${actor.label}:${number}#`;
  const prompt: Prompt = {
    marker,
    text: withScenario(`Go on with ${marker}.`, asked.scenario),
    key: `chaos-${actor.label}-${number}`,
    answers: [],
    ends: ["completed"],
    finalText: asked.finalText,
    isOld: false,
    isNext: asked.isNext ?? false,
    timesWorked: null,
    workFile: asked.workFile ?? null,
  };
  actor.prompts.push(prompt);
  if (dice.roll() < 0.5) world.lossy.loseAnswerTo(prompt.key, dice.between(...LOSE_AFTER_MS));
  await repeatCall(world, actor, prompt);
  actor.sessionId = prompt.answers[0]?.session_id ?? actor.sessionId;
  if (dice.roll() < 0.5) await repeatCall(world, actor, prompt);
  return prompt;
}

/** Makes the call of a prompt again: the answer has to be the first one. */
export async function repeatCall(world: World, actor: Actor, prompt: Prompt): Promise<void> {
  const place = actor.sessionId === "" || prompt === actor.prompts[0] ? { project: actor.project } : {};
  const session = prompt === actor.prompts[0] ? {} : { session_id: actor.sessionId };
  const args = {
    ...place,
    ...session,
    permission_mode: "bypassPermissions",
    prompt: prompt.text,
    idempotency_key: prompt.key,
    wait_seconds: 0,
  };
  const answer = (await world.call("execute_claude", args, SUBMIT_TIMEOUT_MS)) as Started | null;
  if (answer === null) actor.unmet.push(`${actor.label}: the prompt ${prompt.marker} was not taken`);
  else prompt.answers.push({ session_id: answer.session_id, turn_id: answer.turn_id, cursor: answer.cursor });
}

/** True once the session rests, and its log holds what its living runtimes have spooled. */
export async function settles(world: World, actor: Actor, timeoutMs: number): Promise<boolean> {
  return until(async () => {
    const view = await world.call("get_session", { session_id: actor.sessionId }, 10_000);
    const session = view?.["session"] as { status?: string } | undefined;
    const turn = view?.["turn"] as { ended_at?: string | null } | null | undefined;
    const isAtRest = ["idle", "ended"].includes(session?.status ?? "") && turn?.ended_at != null;
    if (!isAtRest) return false;
    const { before } = actor;
    return hasAll(world, actor, [...before, ...(await world.readLog(actor.sessionId, before.at(-1)?.seq ?? 0))]);
  }, timeoutMs);
}

/** Whether the log has every message that the session's living runtimes have spooled. */
export function hasAll(world: World, actor: Actor, events: readonly SessionEvent[]): boolean {
  const logged = new Set(loggedMessages(events).map((event) => keyOf(event.data["message"])));
  return readJournals(world.stack.home, actor.sessionId)
    .filter(({ isAlive }) => isAlive)
    .every(({ entries }) => messagesOf(entries).every(({ message }) => logged.has(keyOf(message))));
}

/** What is known of the session now. */
export async function toRecord(world: World, actor: Actor): Promise<SessionRecord> {
  const workspaceId = world.workspaceOf(actor.sessionId);
  for (const prompt of actor.prompts) {
    const work = prompt.workFile === null || workspaceId === null ? null : prompt.workFile;
    const lines = work === null || workspaceId === null ? null : world.files.read(workspaceId, work);
    prompt.timesWorked = lines === null ? null : lines.split("\n").length - 1;
  }
  return {
    label: actor.label,
    before: actor.before,
    events: await world.readLog(actor.sessionId),
    journals: readJournals(world.stack.home, actor.sessionId),
    requests: listRequests(world, actor),
    prompts: actor.prompts,
    followUps: actor.followUps,
    unmet: actor.unmet,
  };
}

/** The requests of the session's conversation; those that Claude Code makes on the side have no tools. */
function listRequests(world: World, actor: Actor): ModelRequest[] {
  return world.stack.model.requests.flatMap(({ body, path }) => {
    if (!path.startsWith("/v1/messages?") && path !== "/v1/messages") return [];
    const parsed = modelRequestSchema.safeParse(body);
    if (!parsed.success || (parsed.data.tools?.length ?? 0) === 0) return [];
    return JSON.stringify(parsed.data.messages).includes(`#${actor.label}:`) ? [parsed.data] : [];
  });
}

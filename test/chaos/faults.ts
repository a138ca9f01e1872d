// The faults. Each strikes once, everywhere at the same time, and shows that it has struck.
import { setTimeout as sleep } from "node:timers/promises";
import { sandboxFaults } from "../support/sandbox-faults.ts";
import type { Cell, Survivor } from "./moments.ts";
import type { Dice } from "./world/seed.ts";
import type { World } from "./world/world.ts";

const HEALTH_TIMEOUT_MS = 120_000;
const STALL_MS = 30_000;
/** Shorter than the time after which a stack that is not healthy is started again. */
const OUTAGE_MS = 7_000;

export type Struck = { world: World; cells: readonly Cell[]; dice: Dice };

export type Fault = {
  /** What of a turn that runs outlives it. */
  survivor: Survivor;
  /** True when it lasts: what waits at the moments goes on in the middle of it. */
  lasts: boolean;
  /** What waits goes on only after it has struck: on a fast machine it would have ended before, and nothing be hit. */
  strikesFirst?: true;
  /** True when it ends processes: the two kinds run beside each other, on stacks of their own. */
  kills: boolean;
  strike(struck: Struck): Promise<void> | void;
  /** Resolves once the fault is over. */
  heal(struck: Struck): Promise<void> | void;
};

const nothing = (): void => {};

export const FAULTS = {
  "CLI killed": {
    survivor: "runner",
    lasts: false,
    kills: true,
    strike({ world }) {
      prove(world.stack.pids().clis.length > 0);
      world.stack.killClis();
    },
    heal: nothing,
  },
  "runner killed": {
    survivor: "none",
    lasts: false,
    kills: true,
    strike({ world }) {
      const runners = Object.values(world.stack.pids().runners);
      prove(runners.length > 0);
      for (const pid of runners) process.kill(pid, "SIGKILL");
    },
    heal: nothing,
  },
  "sandbox replaced": {
    survivor: "none",
    lasts: false,
    kills: true,
    async strike({ world }) {
      prove(Object.keys(world.stack.pids().runners).length > 0);
      await sandboxFaults(world.stack, "process").replaceSandboxes();
    },
    heal: nothing,
  },
  "Session object aborted": {
    survivor: "cli",
    lasts: false,
    kills: false,
    async strike({ world, cells }) {
      const ids = cells.flatMap(({ actors }) => actors.map(({ sessionId }) => sessionId)).filter((id) => id !== "");
      const order = async (id: string) => prove((await world.order({ order: "abort_session", id })) === true);
      await Promise.all(ids.map(order));
    },
    heal: nothing,
  },
  "Workspace object aborted": {
    survivor: "cli",
    lasts: false,
    kills: false,
    async strike({ world, cells }) {
      const order = async (id: string) => prove((await world.order({ order: "abort_workspace", id })) === true);
      await Promise.all(workspacesOf(cells).map(order));
    },
    heal: nothing,
  },
  "wrangler dev killed": {
    survivor: "cli",
    lasts: false,
    kills: true,
    strike({ world }) {
      prove(world.stack.pids().wrangler.length > 1);
      world.stack.killWranglerTree();
    },
    heal: ({ world }) => world.stack.waitForHealth(HEALTH_TIMEOUT_MS),
  },
  "one workerd killed": {
    survivor: "cli",
    lasts: false,
    kills: true,
    strike({ world, dice }) {
      const { userWorkerd, proxyWorkerd } = world.stack.pids();
      prove(userWorkerd !== null && proxyWorkerd !== null);
      // The one with the objects, or the one in front of it.
      if (dice.roll() < 0.7) world.stack.killUserWorkerd();
      else world.stack.killProxyWorkerd();
    },
    heal: ({ world }) => world.stack.waitForHealth(HEALTH_TIMEOUT_MS),
  },
  "connection cut": {
    survivor: "cli",
    lasts: false,
    kills: false,
    strike({ world, cells }) {
      const cuts = workspacesOf(cells).map((workspaceId) => world.proxy.cut(workspaceId));
      prove(cuts.some((connections) => connections > 0));
    },
    heal: nothing,
  },
  "connection stalled": {
    survivor: "cli",
    lasts: true,
    kills: false,
    strike({ world, cells }) {
      const holds = workspacesOf(cells).map((id) => world.proxy.hold(id, ["to_runner", "to_object"]));
      prove(holds.some((connections) => connections > 0));
    },
    async heal({ world, cells }) {
      await sleep(STALL_MS);
      for (const workspaceId of workspacesOf(cells)) world.proxy.release(workspaceId);
    },
  },
  "R2 failing": outage("r2"),
  "D1 failing": outage("d1"),
} satisfies Record<string, Fault>;
export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

function outage(storage: "r2" | "d1"): Fault {
  return {
    survivor: "cli",
    lasts: true,
    strikesFirst: true,
    kills: false,
    async strike({ world, dice }) {
      await world.order({ order: "begin_outage", storage, seed: dice.between(1, 1_000_000) });
    },
    async heal({ world }) {
      await sleep(OUTAGE_MS);
      prove(Number(await world.order({ order: "end_outages" })) > 0);
    },
  };
}

function workspacesOf(cells: readonly Cell[]): string[] {
  return cells.map(({ workspaceId }) => workspaceId).filter((id) => id !== "");
}

/** A fault that hit nothing would give perfect figures. */
function prove(hasStruck: boolean): void {
  if (!hasStruck) throw new Error("the fault hit nothing");
}

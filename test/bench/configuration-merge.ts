// How long it takes to make a session's configuration of its scopes' items: what a changed configuration costs a turn.
import type { ScopedItem } from "../../src/shared/configuration/item.ts";
import { materialise } from "../../src/shared/configuration/materialise.ts";
import { mergeConfiguration } from "../../src/shared/configuration/merge.ts";
import { CONFIGURATION_SCOPES } from "../../src/shared/configuration/place.ts";
import { type Benchmark, ms, type Report } from "./report.ts";
import { median } from "./statistics.ts";

const [COMMANDS, HOOKS, SERVERS] = [200, 50, 30];
const ROUNDS = 200;
const GOAL_MS = 5;

export const configurationMerge: Benchmark = {
  name: "configuration-merge",
  run: () => Promise.resolve(measure()),
};

function measure(): Report {
  const items = makeItems();
  const { unreadable } = mergeConfiguration(items);
  if (unreadable.length > 0) throw new Error(`Items that do not fit are not merged: ${unreadable[0]?.problem}`);
  // The baseline: what reading the rows alone costs.
  const rows = items.map((item) => JSON.stringify(item));
  const parsing = time(() => rows.map((row) => JSON.parse(row) as unknown));
  const merging = time(() => materialise(mergeConfiguration(items)));
  return {
    title: `Configuration: ${COMMANDS} commands, ${HOOKS} hooks and ${SERVERS} servers over four scopes (median of ${ROUNDS})`,
    columns: ["step", "time"],
    rows: [
      ["JSON.parse of the rows", ms(parsing)],
      ["merge and materialise", ms(merging)],
    ],
    goals: [{ text: "merge and materialise", value: merging, limit: GOAL_MS, unit: "ms" }],
  };
}

function time(work: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    work();
    times.push(performance.now() - begun);
  }
  return median(times);
}

const scopeOf = (index: number) => CONFIGURATION_SCOPES[index % CONFIGURATION_SCOPES.length] ?? "team";

function makeItems(): ScopedItem[] {
  const commands = Array.from({ length: COMMANDS }, (_, index): ScopedItem => {
    const value = {
      description: `Command ${index}`,
      category: "tools",
      argument_hint: "[what]",
      allowed_tools: ["Bash(git status)"],
      model: null,
      body: `Do thing ${index} with $ARGUMENTS.\n`.repeat(20),
    };
    return { scope: scopeOf(index), kind: "command", name: `tool:command-${index}`, value };
  });
  const hooks = CONFIGURATION_SCOPES.map((scope, index): ScopedItem => {
    const count = Math.ceil((HOOKS - index) / CONFIGURATION_SCOPES.length);
    const entries = Array.from({ length: count }, (_, hook) => ({
      matcher: "Write|Edit",
      hooks: [{ type: "command", command: `npx prettier --check file-${index}-${hook}`, timeout: 30 }],
    }));
    return { scope, kind: "hooks", name: "hooks", value: { PostToolUse: entries } };
  });
  const servers = Array.from({ length: SERVERS }, (_, index): ScopedItem => {
    const value = {
      type: "http",
      url: `https://server-${index}.example.com/mcp`,
      headers: { Authorization: "Bearer ${secret:TOKEN}" },
    };
    return { scope: scopeOf(index), kind: "mcp_server", name: `server-${index}`, value };
  });
  return [...commands, ...hooks, ...servers];
}

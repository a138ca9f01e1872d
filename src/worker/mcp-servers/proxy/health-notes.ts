// Notes how servers fare while sessions use them: a change at once, the same again every few minutes.
import type { ServerProblem } from "../../../shared/mcp-servers/server-test.ts";
import type { HealthStore } from "../health-store.ts";
import type { ServerKey } from "../server-key.ts";

export type HealthNotes = {
  ok(key: ServerKey, tools: number | null): void;
  failed(key: ServerKey, problem: ServerProblem): void;
};

export type HealthNotesParts = {
  store: Pick<HealthStore, "ok" | "failed">;
  nowMs: () => number;
  waitUntil: (work: Promise<unknown>) => void;
};

const REPEAT_MS = 5 * 60_000;
const MAX_REMEMBERED = 10_000;

export function createHealthNotes({ store, nowMs, waitUntil }: HealthNotesParts): HealthNotes {
  const noted = new Map<string, { what: string; atMs: number }>();
  const isNews = ({ team_id, place, name }: ServerKey, what: string): boolean => {
    const id = JSON.stringify([team_id, place.scope, place.scope_id, name]);
    const before = noted.get(id);
    if (before?.what === what && nowMs() - before.atMs < REPEAT_MS) return false;
    if (noted.size > MAX_REMEMBERED) noted.clear();
    noted.set(id, { what, atMs: nowMs() });
    return true;
  };
  return {
    ok(key, tools) {
      if (isNews(key, tools === null ? "ok" : `ok ${tools}`)) waitUntil(store.ok(key, tools).catch(() => null));
    },
    failed(key, problem) {
      if (isNews(key, problem)) waitUntil(store.failed(key, problem).catch(() => null));
    },
  };
}

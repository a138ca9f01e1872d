// How long reports on usage take with a million rows, in SQLite with D1's schema and triggers; the way to D1 is not in it.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { daysBetween, splitRange } from "../../src/shared/accounting/report-range.ts";
import { buildDifferencesQuery } from "../../src/worker/accounting/differences-query.ts";
import { asksForTeamAlone, buildUsageQuery, type UsageQuestion } from "../../src/worker/accounting/usage-query.ts";
import { type Benchmark, ms, type Report } from "./report.ts";
import { median } from "./statistics.ts";

const ROWS = 1_000_000;
const BATCH = 5_000;
const ROUNDS = 5;
const GOAL_MS = 100;
const TEAM = "01890000-0000-7000-8000-000000000001";
const [FIRST, LAST] = ["2026-01-01", "2026-12-31"];

type Wish = Pick<UsageQuestion, "group"> &
  Partial<Pick<UsageQuestion, "userId" | "filters">> & { from?: string; zone?: string };

const REPORTS: Record<string, Wish> = {
  "a year by day, UTC": { group: "day" },
  "a year by day, Asia/Kolkata": { group: "day", zone: "Asia/Kolkata" },
  "a year by model": { group: "model" },
  "a year by user": { group: "user" },
  "a year by project, Europe/Berlin": { group: "project", zone: "Europe/Berlin" },
  "a year by day, one project": { group: "day", filters: { project_id: "project-7" } },
  "a year by day, one project, Europe/Berlin": {
    group: "day",
    zone: "Europe/Berlin",
    filters: { project_id: "project-7" },
  },
  "93 days by session": { group: "session", from: "2026-09-30" },
  "30 days by agent, Europe/Berlin": { group: "agent", from: "2026-12-02", zone: "Europe/Berlin" },
};

export const usageReports: Benchmark = {
  name: "usage-reports",
  run: (progress) => Promise.resolve(measure(progress)),
};

function measure(progress: (line: string) => void): Report {
  const file = join(tmpdir(), "berth-usage-bench.sqlite");
  const database = new DatabaseSync(file);
  try {
    fill(database, progress);
    return compare(database);
  } finally {
    database.close();
    for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${file}${end}`, { force: true });
  }
}

function compare(database: DatabaseSync): Report {
  const raw = `SELECT user_id, sum(requests), sum(cost_usd), sum(input_tokens) FROM model_usage
    WHERE team_id = '${TEAM}' AND occurred_at >= '2026' GROUP BY user_id`;
  const baseline = time(() => database.prepare(raw).all());
  const reports = Object.entries(REPORTS).map(([name, wish]) => [name, time(() => ask(database, wish))] as const);
  const differences = time(() => askForDifferences(database));
  const times = [...reports, ["93 days, what differs from Claude Code's count", differences] as const];
  const slowest = Math.max(...times.map(([, taken]) => taken));
  return {
    title: `Reports on ${ROWS.toLocaleString("en")} rows of usage (median of ${ROUNDS})`,
    columns: ["report", "time", "against adding up the rows"],
    rows: [
      ["the rows themselves, a year by user (baseline)", ms(baseline), "1.00x"],
      ...times.map(([name, taken]) => [name, ms(taken), `${(taken / baseline).toFixed(2)}x`]),
    ],
    goals: [{ text: "the slowest report", value: slowest, limit: GOAL_MS, unit: "ms" }],
  };
}

/** Groups and totals, as a report asks for both. */
function ask(database: DatabaseSync, { group, userId = null, filters = {}, from = FIRST, zone = "UTC" }: Wish): void {
  const days = daysBetween(from, LAST, zone);
  for (const each of [group, "all"] as const) {
    const question = { teamId: TEAM, userId, filters, group: each };
    const wholeDays = group !== "session" && !asksForTeamAlone(question);
    const ranges = each === "day" ? days : [{ date: "", from: days[0]?.from ?? "", to: days.at(-1)?.to ?? "" }];
    const split = ranges.map((range) => splitRange(range, range.date, wholeDays));
    const parts = {
      rows: split.flatMap(({ rows }) => rows),
      hours: split.flatMap(({ hours }) => hours),
      days: split.flatMap((part) => part.days),
    };
    const { sql, bindings } = buildUsageQuery({ ...question, parts }, 401);
    database.prepare(sql).all(...bindings);
  }
}

function askForDifferences(database: DatabaseSync): void {
  const { sql, bindings } = buildDifferencesQuery(TEAM, null, { from: "2026-09-30T00", to: "2027-01-01T00" });
  database.prepare(sql).all(...bindings);
}

/** A team of 25 at work on weekdays: each row a turn's use of a model, some ten of them a session within an hour or two. */
function fill(database: DatabaseSync, progress: (line: string) => void): void {
  database.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
  const folder = join(import.meta.dirname, "../../migrations");
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .toSorted()) {
    database.exec(readFileSync(join(folder, name), "utf8"));
  }
  const insert = database.prepare(
    `INSERT INTO model_usage (turn_id, session_id, team_id, user_id, project_id, agent_id, model, runtime, requests,
       estimated_requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens,
       cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, reported_cost_usd,
       occurred_at, version)
     VALUES (?, ?, '${TEAM}', ?, ?, ?, ?, 'claude_code', 4, 0, 1000, 500, 100, 9000, 50, 400, 0, 0.01, 0.01, ?, 1)`,
  );
  const workdays = daysBetween(FIRST, LAST, "UTC").filter(({ date }) => ![0, 6].includes(new Date(date).getUTCDay()));
  for (let row = 0; row < ROWS; row += BATCH) {
    database.exec("BEGIN");
    for (let index = row; index < row + BATCH; index += 1) insert.run(...makeRow(index, workdays));
    database.exec("COMMIT");
    if (row % 250_000 === 0) progress(`${row} rows`);
  }
  database.exec("ANALYZE");
}

const ROWS_A_SESSION = 16;

function makeRow(index: number, workdays: readonly { date: string }[]): (string | null)[] {
  const session = Math.floor(index / ROWS_A_SESSION);
  const user = session % 25;
  const project = (user + (session % 3)) % 40;
  const day = workdays[Math.floor((index / ROWS) * workdays.length)]?.date ?? FIRST;
  const minute = ((session % 9) * 60 + (index % ROWS_A_SESSION) * 5 + 480) % 1440;
  const at = `${day}T${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:30.000Z`;
  const model = index % 2 === 0 ? "claude-sonnet-5" : "claude-haiku-4-5";
  const agent = session % 4 === 0 ? `agent-${session % 8}` : null;
  return [`turn-${index}`, `session-${session}`, `user-${user}`, `project-${project}`, agent, model, at];
}

function time(work: () => void): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    work();
    times.push(performance.now() - begun);
  }
  return median(times);
}

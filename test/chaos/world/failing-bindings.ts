// R2 and D1 as the chaos Worker hands them to the objects: they work, fail, or fail after they have worked.
import { createDice, type Dice } from "./seed.ts";

export type Storage = "r2" | "d1";

type Outage = { seed: number; dice: Dice };
const outages = new Map<Storage, Outage>();
let failures = 0;
/** While it is set, archives wait before they are written. */
const archives = { areHeld: false };
const HELD_LOOK_AGAIN_MS = 20;
const waitingArchives = new Set<string>();

/** An order whose answer was lost is given again: what has failed since the first one counts, for deliveries that failed wait. */
export function beginOutage(storage: Storage, seed: number): void {
  if (outages.get(storage)?.seed === seed) return;
  failures = 0;
  outages.set(storage, { seed, dice: createDice(seed) });
}

/** How many operations have failed since the outage began. An order whose answer was lost is given again, and answered the same. */
export function endOutages(): number {
  outages.clear();
  return failures;
}

export function holdArchives(): void {
  archives.areHeld = true;
}

export function releaseArchives(): void {
  archives.areHeld = false;
}

/** The keys of archives that wait to be written. */
export function listWaitingArchives(): string[] {
  return [...waitingArchives];
}

/** Of ten operations six never happen, three happen and are reported as failed, one works. */
async function attempt<T>(storage: Storage, operate: () => Promise<T>): Promise<T> {
  const outage = outages.get(storage);
  if (outage === undefined) return operate();
  const roll = outage.dice.roll();
  if (roll < 0.9) failures += 1;
  if (roll < 0.6) throw new Error(`chaos: ${storage} is failing`);
  const result = await operate();
  if (roll < 0.9) throw new Error(`chaos: ${storage} failed after it had worked`);
  return result;
}

const BUCKET_OPERATIONS = new Set<unknown>(["put", "get", "head", "list", "delete"]);

export function failingBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      if (!BUCKET_OPERATIONS.has(name)) return method.bind(target) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        if (name === "put") await waitAtArchiveGate(String(args[0]));
        return attempt("r2", () => method.apply(target, args) as Promise<unknown>);
      };
    },
  });
}

/** Looks again and again: a promise that another request resolves would leave this one waiting. */
async function waitAtArchiveGate(key: string): Promise<void> {
  if (!archives.areHeld || !key.includes("/archive/")) return;
  waitingArchives.add(key);
  while (archives.areHeld) await scheduler.wait(HELD_LOOK_AGAIN_MS);
  waitingArchives.delete(key);
}

const REAL_STATEMENT = Symbol("the statement itself");
const STATEMENT_OPERATIONS = new Set<unknown>(["all", "run", "raw", "first"]);

export function failingDatabase(database: D1Database): D1Database {
  return new Proxy(database, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      if (name === "prepare") return (sql: string) => failingStatement(target.prepare(sql));
      if (name !== "batch") return method.bind(target) as unknown;
      return (statements: D1PreparedStatement[]) =>
        attempt("d1", () => target.batch(statements.map((statement) => realStatement(statement))));
    },
  });
}

function failingStatement(statement: D1PreparedStatement): D1PreparedStatement {
  return new Proxy(statement, {
    get(target, name) {
      if (name === REAL_STATEMENT) return target;
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      if (name === "bind") return (...values: unknown[]) => failingStatement(target.bind(...values));
      if (!STATEMENT_OPERATIONS.has(name)) return method.bind(target) as unknown;
      return (...args: unknown[]) => attempt("d1", () => method.apply(target, args) as Promise<unknown>);
    },
  });
}

function realStatement(statement: D1PreparedStatement): D1PreparedStatement {
  return (Reflect.get(statement, REAL_STATEMENT) as D1PreparedStatement | undefined) ?? statement;
}

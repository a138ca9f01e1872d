// The Team object: running slots of one team, and the head of its audit chain. No content. Composition root.
import { DurableObject } from "cloudflare:workers";
import type { MoneyState, Spender } from "../shared/budgets/budget-policy.ts";
import type { MoneyGrant, MoneyRequest, Settlement } from "../shared/budgets/messages.ts";
import type { Answer } from "../shared/errors/app-error.ts";
import type { AuditFact } from "../shared/audit/entry.ts";
import type { AuditMarks } from "../shared/rpc/audit-api.ts";
import type { TelemetryBatch } from "../shared/telemetry/batch.ts";
import type { Series } from "../shared/telemetry/metrics.ts";
import { VERSION } from "./version.ts";
import type { AssertExtends } from "../shared/rpc/protocol.ts";
import type { SlotAnswer, SlotRefusal, SlotRequest, TeamApi } from "../shared/rpc/team-api.ts";
import { createAlarmClock } from "./alarms/alarm-clock.ts";
import { createBudgetDesk } from "./budgets/budget-desk.ts";
import { createBudgetStore } from "./budgets/budget-store.ts";
import { createKnownBudgets } from "./budgets/known-budgets.ts";
import { loadBudgets } from "./budgets/load-budgets.ts";
import { createAuditLedger } from "./audit/audit-ledger.ts";
import { readConfig } from "./config.ts";
import { createObjectLogger } from "./object-log.ts";
import { createRegistrySweep } from "./processes/registry-sweep.ts";
import { sha256HexOf } from "./sha256.ts";
import { migrate } from "./sql/migrate.ts";
import { createSlotDesk } from "./teams/slot-desk.ts";
import { createSlotStore, TEAM_MIGRATIONS } from "./teams/slot-store.ts";
import { createTeamStore } from "./teams/team-store.ts";
import { composeExport } from "./telemetry/compose-export.ts";
import { createTelemetryDesk } from "./telemetry/telemetry-desk.ts";

export class TeamObject extends DurableObject<Env> {
  readonly #logger = createObjectLogger("team", this.ctx.id.name ?? this.ctx.id.toString());
  readonly #alarms;
  readonly #slots;
  readonly #desk;
  readonly #budgets;
  readonly #team;
  readonly #sweep;
  readonly #audit;
  readonly #telemetry;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, TEAM_MIGRATIONS);
    this.#alarms = createAlarmClock<"review" | "sweep" | "audit" | "telemetry">(ctx.storage, Date.now);
    this.#slots = createSlotStore(ctx.storage.sql);
    this.#budgets = createBudgetDesk({
      store: createBudgetStore(ctx.storage.sql),
      kept: createKnownBudgets(ctx.storage.sql),
      transaction: (change) => ctx.storage.transactionSync(change),
      load: (teamId) => loadBudgets(env.DB, teamId),
      workingMs: (subject) => this.#slots.workingMs(subject, Date.now()),
      nowMs: Date.now,
    });
    this.#desk = createSlotDesk({
      slots: this.#slots,
      limits: readConfig(env).slotLimits,
      mayWork: this.#budgets.mayWork,
      worked: this.#budgets.worked,
      nowMs: Date.now,
      session: (id) => env.SESSION.getByName(id),
      background: (work) => ctx.waitUntil(work.catch((error) => this.#logger.error("background_failed", error))),
      lookAgainAt: (atMs) => (atMs === null ? this.#alarms.cancel("review") : this.#alarms.reschedule("review", atMs)),
    });
    this.#team = createTeamStore(ctx.storage.sql);
    this.#sweep = createRegistrySweep({
      database: env.DB,
      session: (id) => env.SESSION.getByName(id),
      nowMs: Date.now,
      alarms: this.#alarms,
      onError: (error) => this.#logger.error("sweep_failed", error),
    });
    this.#audit = createAuditLedger({
      storage: ctx.storage,
      database: env.DB,
      teamId: this.#team.teamId,
      sha256Hex: sha256HexOf,
      nowMs: Date.now,
      dueAt: (atMs) => this.#alarms.schedule("audit", atMs),
      onError: (error) => this.#logger.error("audit_not_delivered", error),
    });
    this.#telemetry = createTelemetryDesk({
      ...composeExport(readConfig(env).telemetry),
      storage: ctx.storage,
      resource: () => ({ service_version: VERSION, team_id: this.#team.teamId() ?? "" }),
      activeSessions: () => new Set(this.#slots.running().map(({ session_id }) => session_id)).size,
      nowMs: Date.now,
      background: (work) => ctx.waitUntil(work.catch((error) => this.#logger.error("background_failed", error))),
      dueBy: (atMs) => this.#alarms.schedule("telemetry", atMs),
      dueAt: (atMs) => (atMs === null ? this.#alarms.cancel("telemetry") : this.#alarms.reschedule("telemetry", atMs)),
      logger: this.#logger,
    });
  }

  async requestSlot(request: SlotRequest): Promise<SlotAnswer | SlotRefusal> {
    this.#team.identify(request.team_id);
    this.#sweep.schedule();
    // One that works, or has its slot, began already.
    if (request.works === true || this.#slots.get(request.turn_id)?.waiting_since === null)
      return this.#desk.request(request);
    const admitted = await this.#budgets.admitTurn(request.turn_id, request);
    if (admitted.ok) return this.#desk.request(request);
    this.#desk.release(request.turn_id);
    return { granted: false, refused: admitted.error };
  }

  async reserveMoney(request: MoneyRequest): Promise<Answer<MoneyGrant>> {
    this.#team.identify(request.team_id);
    return this.#budgets.reserve(request);
  }

  async settleMoney(settlements: Settlement[]): Promise<void> {
    this.#budgets.settle(settlements);
  }

  async budgetStates(spender: Spender): Promise<MoneyState[]> {
    return this.#budgets.states(spender);
  }

  async releaseSlot(turnId: string): Promise<void> {
    this.#desk.release(turnId);
  }

  async countSlots(): Promise<{ running: number; waiting: number }> {
    return { running: this.#slots.running().length, waiting: this.#slots.waiting().length };
  }

  async announceAudit(teamId: string, fact: AuditFact): Promise<void> {
    this.#team.identify(teamId);
    this.#audit.announce(fact);
  }

  async appendAudit(teamId: string, facts: readonly AuditFact[]): Promise<void> {
    this.#team.identify(teamId);
    await this.#audit.append(facts);
  }

  async auditMarks(teamId: string): Promise<AuditMarks> {
    this.#team.identify(teamId);
    return this.#audit.marks();
  }

  async recordTelemetry(teamId: string, batch: TelemetryBatch): Promise<void> {
    this.#team.identify(teamId);
    this.#telemetry.record(batch);
  }

  async readMetrics(): Promise<Series[]> {
    return this.#telemetry.read();
  }

  override async alarm(): Promise<void> {
    const review = (): void => this.#desk.review();
    const sweep = () => this.#sweep.run(this.#team.teamId() ?? "");
    await this.#alarms.run({ review, sweep, audit: this.#audit.work, telemetry: this.#telemetry.work }, (task, error) =>
      this.#logger.error("task_failed", error, { task }),
    );
  }
}

/** Fails to compile when the class is not the contract. */
type _TeamObject = AssertExtends<TeamObject, TeamApi>;

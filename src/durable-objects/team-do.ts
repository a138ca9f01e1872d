// The Team object: running slots of one team. Counters and leases, no content. Composition root.
import { DurableObject } from "cloudflare:workers";
import type { AssertExtends } from "../shared/rpc/protocol.ts";
import type { SlotAnswer, SlotRequest, TeamApi } from "../shared/rpc/team-api.ts";
import { migrate } from "./sql/migrate.ts";
import { createSlotStore, TEAM_MIGRATIONS } from "./teams/slot-store.ts";

export class TeamObject extends DurableObject<Env> {
  readonly #slots;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, TEAM_MIGRATIONS);
    this.#slots = createSlotStore(ctx.storage.sql);
  }

  async requestSlot(request: SlotRequest): Promise<SlotAnswer> {
    const expiresAt = this.#slots.take(request, Date.now());
    return { granted: true, expires_at: new Date(expiresAt).toISOString() };
  }

  async releaseSlot(turnId: string): Promise<void> {
    this.#slots.release(turnId);
  }

  async countSlots(): Promise<number> {
    return this.#slots.count(Date.now());
  }
}

/** Fails to compile when the class is not the contract. */
type _TeamObjectProof = AssertExtends<TeamObject, TeamApi>;

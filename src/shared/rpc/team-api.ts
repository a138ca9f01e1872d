// What the Session object asks of the Team object: a running slot for a turn, as a lease that expires.

export type SlotRequest = {
  team_id: string;
  user_id: string;
  session_id: string;
  turn_id: string;
  ttl_seconds: number;
};
export type SlotAnswer = { granted: true; expires_at: string } | { granted: false; position: number };

export interface TeamApi {
  /** Takes or renews a slot: idempotent by turn_id. */
  requestSlot(request: SlotRequest): Promise<SlotAnswer>;
  releaseSlot(turnId: string): Promise<void>;
  /** Turns that hold a slot now. */
  countSlots(): Promise<number>;
}

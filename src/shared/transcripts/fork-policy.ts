// From which turn a session can be forked: one that has ended and whose conversation is stored.

export type ForkFacts = {
  atEvent: number | null;
  /** The newest event's number. */
  cursor: number;
  /** Last events of the turns whose conversation is stored: the newest that fits, and the newest at all; null for none. */
  fitting: number | null;
  newest: number | null;
  /** The newest turn that has ended, stored or not. */
  newestEnded: number | null;
};

export type ForkDecision = { ok: true } | { ok: false; retry: boolean; message: string };

export function decideFork(facts: ForkFacts): ForkDecision {
  const { atEvent, cursor, fitting, newest, newestEnded } = facts;
  if (atEvent !== null && atEvent > cursor) {
    return refuse(`at_event is in the future: the session's newest event is ${cursor}.`);
  }
  const wanted = atEvent ?? cursor;
  if (newestEnded !== null && newestEnded <= wanted && (newest === null || newest < newestEnded)) {
    return { ok: false, retry: true, message: "The turn's conversation is being stored. Try again in a few seconds." };
  }
  if (atEvent !== null && newestEnded !== null && atEvent > newestEnded && atEvent !== cursor) {
    return refuse(`A turn is still running at event ${atEvent}. Leave at_event out, or give ${newestEnded} or less.`);
  }
  if (fitting === null)
    return refuse("No turn had been completed there yet. Wait for the first turn's end, then fork.");
  return { ok: true };
}

function refuse(message: string): ForkDecision {
  return { ok: false, retry: false, message };
}

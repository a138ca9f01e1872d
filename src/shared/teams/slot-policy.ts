// Who gets the next running slot: fair between users; within one the most urgent, then first come first served. Within both limits.

export type SlotLimits = { per_team: number; per_user: number };
/** `priority` grows with urgency. It counts among turns of the same user alone: nobody overtakes others by it. */
export type Waiting = { turn_id: string; user_id: string; priority: number };

export type SlotFacts = {
  /** Users of the turns that run, one entry a turn. */
  running: readonly string[];
  /** In the order in which they came. */
  waiting: readonly Waiting[];
  limits: SlotLimits;
};

/** The turns that may begin now, in order. */
export function decideGrants(facts: SlotFacts): string[] {
  const counts = countUsers(facts.running);
  const waiting = [...facts.waiting];
  const granted: string[] = [];
  while (facts.running.length + granted.length < facts.limits.per_team) {
    const next = pickNext(waiting, counts, facts.limits.per_user);
    if (next === null) break;
    take(waiting, counts, next);
    granted.push(next.turn_id);
  }
  return granted;
}

/** All that wait, in the order in which they would get a slot if slots came free one by one. */
export function orderWaiting(facts: Omit<SlotFacts, "limits">): string[] {
  const counts = countUsers(facts.running);
  const waiting = [...facts.waiting];
  const order: string[] = [];
  for (let next = pickNext(waiting, counts, Infinity); next !== null; next = pickNext(waiting, counts, Infinity)) {
    take(waiting, counts, next);
    order.push(next.turn_id);
  }
  return order;
}

/** The most urgent of the user who has the fewest slots; between equals, who came first. */
function pickNext(waiting: readonly Waiting[], counts: ReadonlyMap<string, number>, perUser: number): Waiting | null {
  let best: Waiting | null = null;
  let fewest = perUser;
  for (const turn of waiting) {
    const count = counts.get(turn.user_id) ?? 0;
    if (count >= fewest) continue;
    best = turn;
    fewest = count;
  }
  return best === null ? null : mostUrgent(waiting, best);
}

function mostUrgent(waiting: readonly Waiting[], first: Waiting): Waiting {
  const own = waiting.filter(({ user_id }) => user_id === first.user_id);
  return own.reduce((best, turn) => (turn.priority > best.priority ? turn : best), first);
}

function take(waiting: Waiting[], counts: Map<string, number>, turn: Waiting): void {
  waiting.splice(waiting.indexOf(turn), 1);
  counts.set(turn.user_id, (counts.get(turn.user_id) ?? 0) + 1);
}

function countUsers(running: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const user of running) counts.set(user, (counts.get(user) ?? 0) + 1);
  return counts;
}

// What the session's alarm does when a task is due. Each is one step that finds its place again.
import { isWorking } from "../../shared/sleeping/sleep-policy.ts";
import { withDeadline } from "../deadline.ts";
import { deliverOutbox } from "../outbox/outbox-delivery.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { Session } from "./compose-session.ts";

const OUTBOX_AGAIN_MS = 1_000;
/** D1 or R2 that does not answer holds up the other tasks no longer; what comes of it later is the same as now. */
const STORE_DEADLINE_MS = 60_000;

export async function runSessionTasks(session: Session, database: D1Database, logger: ObjectLogger): Promise<void> {
  await session.alarms.run(
    {
      // Not waited for: a drive may take as long as a sandbox takes to start, and the alarm serves other tasks too.
      drive: () => continueDriving(session, logger),
      watch: () => watch(session),
      outbox: () => emptyOutbox(session, database),
      rest: () => rest(session),
      archive: () => archive(session),
      deletion: () => deleteMore(session, database),
      permissions: () => session.permissions.expire(),
    },
    (task, error) => logger.error("task_failed", error, { task }),
  );
}

async function continueDriving(session: Session, logger: ObjectLogger): Promise<void> {
  if (!owesWork(session)) return;
  session.alarms.reschedule("drive", session.clock.nowMs() + session.leases.watchEveryMs);
  // An end that was cut off in its middle.
  if (session.turns.open().length > 0) await session.ender.finish();
  session.driver.drive().catch((error) => logger.error("drive_failed", error));
  // Nothing is watched while a sandbox starts, and that may take longer than a slot lasts.
  if (session.turns.open().length === 0) await session.leases.renewSlots();
}

/** Pings the runner: a link that does not answer is dead and dialled again, a turn that it knows nothing of is lost. */
async function watch(session: Session): Promise<void> {
  await session.leases.releaseEnded();
  if (!hasWork(session)) return;
  session.alarms.reschedule("watch", session.clock.nowMs() + session.leases.watchEveryMs);
  await session.leases.renewSlots();
  const link = session.connection.current();
  const status = link === null ? null : await link.ping().catch(() => null);
  // One that is being dialled, or was in the meantime, is not the one that did not answer.
  if (link !== null && status === null && link === session.connection.current()) session.connection.close();
  if (status === null || session.lostTurns.check(status)) session.drive();
  else await lookAtProcesses(session);
}

/** Figures for the team's registry; what it is owed is delivered with the rest. */
async function lookAtProcesses(session: Session): Promise<void> {
  await session.processes.look();
  if (session.outbox.pending(1).length > 0) session.alarms.schedule("outbox", session.clock.nowMs());
}

async function emptyOutbox(session: Session, database: D1Database): Promise<void> {
  // A session that is being deleted takes its row out of the index, and puts none in.
  // Whatever was owed was written with a change, and an ended session's last one begins its time to the archive.
  session.archiver.schedule();
  const delivery = session.exclusively(async () =>
    session.deleter.isRequested() ? true : deliverOutbox(session.outbox, database, session.deliverElsewhere),
  );
  const empty = await withDeadline(delivery, STORE_DEADLINE_MS);
  if (!empty) session.alarms.reschedule("outbox", session.clock.nowMs() + OUTBOX_AGAIN_MS);
}

/** Lets go of an idle link, so that the object can leave memory. The runner wakes it when it has something to say. */
function rest(session: Session): void {
  // One that is being dialled gets a time of its own.
  if (!hasWork(session) && session.connection.current() !== null) session.connection.close();
}

async function archive(session: Session): Promise<void> {
  if (!session.deleter.isRequested()) await withDeadline(session.archiver.run(), STORE_DEADLINE_MS);
}

/** The alarm stays set until the object is empty. */
async function deleteMore(session: Session, database: D1Database): Promise<void> {
  if (session.deleter.isRequested()) await withDeadline(session.deleter.run(database), STORE_DEADLINE_MS);
}

/** Also an ended session ends its turns, and gives back what they held. */
function owesWork(session: Session): boolean {
  const { turns } = session;
  return hasWork(session) || turns.open().length > 0 || turns.unreleased().length > 0;
}

function hasWork(session: Session): boolean {
  return isWorking(session.workFacts());
}

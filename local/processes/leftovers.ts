// Ends what a run of Berth left, or is about to leave: everything with a pid file or the mark of this BERTH_HOME.
import { listRoles, readPidFile, removePidFile, toTree } from "./pid-files.ts";
import { endTree, findTree, markedTree, type ProcessTree, TREE_VARIABLE } from "./process-tree.ts";

export type EndOptions = {
  runFolder: string;
  homeId: string;
  /** For runners, which then interrupt their turns and send what they hold. */
  runnerGraceMs: number;
  /** For all others. */
  graceMs: number;
};

/** Resolves to the roles that were still running. Runners end first, while what they send to is there. */
export async function endRecorded({ runFolder, homeId, runnerGraceMs, graceMs }: EndOptions): Promise<string[]> {
  const files = listRoles(runFolder).map((role) => ({ role, file: readPidFile(runFolder, role) }));
  const known = files.flatMap(({ role, file }) => (file === null ? [] : [{ role, tree: toTree(file) }]));
  const others = known.filter(({ tree }) => tree.pid !== process.pid);
  const running = others.filter(({ tree }) => findTree(tree).length > 0).map(({ role }) => role);
  const isRunner = ({ role }: { role: string }) => role.startsWith("runner-");
  // An earlier `npm start` goes first of all: it would start again what ends beside it.
  await endAll(
    others.filter(({ role }) => role === "start"),
    0,
  );
  await endAll(others.filter(isRunner), runnerGraceMs);
  await endAll(
    others.filter((entry) => !isRunner(entry)),
    graceMs,
  );
  // Processes whose pid file was never written.
  await endTree(markedTree(`${TREE_VARIABLE}=${homeId}/`), 0);
  for (const { role, file } of files) if (file?.pid !== process.pid) removePidFile(runFolder, role);
  return running;
}

async function endAll(entries: readonly { tree: ProcessTree }[], graceMs: number): Promise<void> {
  await Promise.all(entries.map(({ tree }) => endTree(tree, graceMs)));
}

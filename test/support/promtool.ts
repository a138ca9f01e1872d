// Whether Prometheus' own checker is installed here, and how a test's name says so.
import { spawnSync } from "node:child_process";

export const HAS_PROMTOOL = spawnSync("promtool", ["--version"]).status === 0;

/** Begins the name of a test that holds something against it. */
export const PROMTOOL = HAS_PROMTOOL ? "pass promtool" : "[promtool is not installed here] would pass promtool";

import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTurn } from "../../../test/support/runner-host.ts";
import { readConfig } from "../config.ts";
import type { HostConnection } from "../rpc/host-link.ts";
import type { RunnerEntry } from "../../shared/rpc/runner-entry.ts";
import { prepareWorkspace } from "../workspaces/workspace.ts";
import { createSession } from "./session.ts";

/** A session with another program in the CLI's place, and everything that it reports. */
function openSession(binaryPath: string) {
  const folder = mkdtempSync(join(tmpdir(), "berth-session-"));
  const config = readConfig({
    BERTH_BOOT_TOKEN: "boot-token-of-this-test",
    BERTH_EDGE_URL: "http://127.0.0.1:9",
    BERTH_WORKSPACE_ID: randomUUID(),
    BERTH_WORKSPACE_DIR: join(folder, "workspace"),
    BERTH_STATE_DIR: join(folder, "state"),
    PATH: process.env["PATH"],
  });
  prepareWorkspace(config);
  const sessionId = randomUUID();
  const identity = { runtimeId: randomUUID(), sessionId, lastSourceSeq: 0 };
  const session = createSession({ config, ...identity, binaryPath, onToolCall: () => {} });
  const entries: RunnerEntry[] = [];
  const append = async (batch: { entries: RunnerEntry[] }) => {
    entries.push(...batch.entries);
    return { acknowledged_source_seq: batch.entries.at(-1)?.source_seq ?? 0 };
  };
  const connection = { host: { append }, isOpen: () => true, bufferedBytes: () => 0, close: () => {} };
  session.hello(
    {
      protocol_version: 1,
      session_id: sessionId,
      acknowledged_source_seq: 0,
      acknowledged_runtime_id: null,
      previews: false,
    },
    connection as unknown as HostConnection,
  );
  const endOf = (turnId: string) =>
    expect
      .poll(() => entries.find((entry) => entry.kind === "turn_ended" && entry.turn_id === turnId), { timeout: 15_000 })
      .toBeDefined()
      .then(() => entries.filter((entry) => entry.kind === "turn_ended" && entry.turn_id === turnId));
  return { session, entries, endOf };
}

function makeProgram(script: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "berth-program-")), "claude");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("a CLI that does not start", () => {
  it("ends the turn as cli_start_failed, once", async () => {
    const { session, endOf } = openSession("/nonexistent/claude");
    const turn = makeTurn("hello", randomUUID());
    session.startTurn(turn);
    expect(await endOf(turn.turn_id)).toMatchObject([{ reason: "cli_start_failed", result: null }]);
    expect(session.startTurn(makeTurn("again", turn.claude_session_id))).toEqual({ state: "started" });
    session.dispose();
  });
});

describe("a CLI that exits without a result", () => {
  it("ends the turn as cli_exited with its code and the redacted end of its stderr [runner.turn_end]", async () => {
    const { session, entries, endOf } = openSession(makeProgram("echo 'no good: sk-ant-abcdef123456' >&2; exit 7"));
    const turn = makeTurn("hello", randomUUID());
    session.startTurn(turn);
    const ends = await endOf(turn.turn_id);
    expect(ends).toMatchObject([{ reason: "cli_exited", exit_code: 7, stderr_tail: "no good: [redacted]\n" }]);
    expect(entries.map(({ kind }) => kind)).toEqual(["turn_started", "cli_started", "cli_exited", "turn_ended"]);
    session.dispose();
  });
});

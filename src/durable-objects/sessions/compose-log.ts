// Builds what a session writes down: its log, what follows each fact in it, and what its work costs.
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import { createExecutionRow } from "../agents/execution-row.ts";
import type { SessionAgent } from "../agents/session-agent.ts";
import { createUsageLedger } from "../accounting/usage-ledger.ts";
import { createUsageStore } from "../accounting/usage-store.ts";
import { createSettledPermissions } from "../audit/settled-permissions.ts";
import { createRefusalStore } from "../budgets/refusal-store.ts";
import { createSpending } from "../budgets/spending.ts";
import type { SessionConfigurationKeeper } from "../configuration/session-configuration.ts";
import type { OutboxRow } from "../outbox/outbox-store.ts";
import { createPermissionBook } from "../permissions/permission-book.ts";
import { createProcessRegistry } from "../processes/process-registry.ts";
import { createRegistryEntry } from "../processes/registry-entry.ts";
import { createSessionLog, type SessionLogParts } from "./session-log.ts";

type Ports = {
  agent: Pick<SessionAgent, "get">;
  configuration: Pick<SessionConfigurationKeeper, "gate" | "knownVersion">;
  team(): TeamApi;
  background(work: Promise<unknown>): void;
};

export function composeLog(parts: SessionLogParts, { agent, configuration, team, background }: Ports) {
  const { sql } = parts.storage;
  const registry = createProcessRegistry({ ...parts, entry: createRegistryEntry(sql) });
  const settled = createSettledPermissions({ ...parts, row: () => parts.sessions.get(), team });
  const book = createPermissionBook(sql, parts.events, parts.clock, settled.owe);
  const refusals = createRefusalStore(sql);
  const ownPrices = () => configuration.gate().model_prices;
  const ledger = createUsageLedger({ ...parts, usage: createUsageStore(sql, parts.clock.nowIso), ownPrices });
  const executions = createExecutionRow(sql, { ...parts, agent });
  const log = createSessionLog({ ...parts, registry, permissions: book, ledger, refusals, executions });
  const { knownVersion } = configuration;
  const spending = createSpending({ ...parts, log, ledger, refusals, team, ownPrices, knownVersion, background });
  /** What the outbox owes to others than D1. */
  const deliverElsewhere = async (rows: readonly OutboxRow[]): Promise<void> => {
    await spending.deliver(rows);
    await settled.tell(rows);
  };
  return { registry, book, refusals, log, spending, deliverElsewhere };
}

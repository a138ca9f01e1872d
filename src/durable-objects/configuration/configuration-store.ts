// The configuration that the session works with, in its object's storage: D1 is asked only when something has changed.
import { z } from "zod";
import {
  type GateConfiguration,
  gateConfigurationSchema,
  type SandboxConfiguration,
  sandboxConfigurationSchema,
} from "../../shared/configuration/session-configuration.ts";
import type { ObjectSql, ObjectStorage } from "../sql/migrate.ts";

export const CONFIGURATION_SCHEMA = `
  CREATE TABLE configuration (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    wanted_version INTEGER NOT NULL DEFAULT 0,
    loaded_version INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT,
    gate TEXT,
    delivered TEXT
  );
  INSERT INTO configuration (id) VALUES (1);
  CREATE TABLE configuration_parts (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
`;

/** A row of an object ends at 2 MB. */
const PART_BYTES = 1024 * 1024;

const rowSchema = z.object({
  wanted_version: z.number(),
  loaded_version: z.number(),
  sha256: z.string().nullable(),
  gate: z.string().nullable(),
  delivered: z.string().nullable(),
});

export type LoadedConfiguration = {
  version: number;
  /** Of `sandboxJson`. */
  sha256: string;
  /** UTF-8. */
  sandboxJson: Uint8Array;
  gate: GateConfiguration;
};

/** Rules that cannot be read any more may forbid anything: nothing runs by them. */
const CLOSED: GateConfiguration = {
  policies: [{ scope: "team", policy: { auto_approved: [], user_consent: [], forbidden: ["*"] } }],
  hook_urls: [],
  ceiling: { permission_mode: "plan", allowed_tools: [] },
  approvals: {},
  model_prices: {},
};

function readGate(text: string | null): GateConfiguration | null {
  if (text === null) return null;
  const read = gateConfigurationSchema.safeParse(JSON.parse(text));
  return read.success ? read.data : CLOSED;
}

function readSandbox(sql: ObjectSql): SandboxConfiguration | null {
  const parts = sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM configuration_parts ORDER BY number").toArray();
  const decoder = new TextDecoder();
  const text = parts.map(({ bytes }) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode();
  return sandboxConfigurationSchema.safeParse(JSON.parse(text)).data ?? null;
}

export type ConfigurationStore = {
  /** What was stored by another build and cannot be read by this one counts as not loaded. */
  versions(): { wanted: number; loaded: number };
  /** The team's configuration has come to that version: what is older is not good enough any more. */
  want(version: number): void;
  save(loaded: LoadedConfiguration): void;
  /** Null for a session of which nothing was ever configured. */
  sha256(): string | null;
  gate(): GateConfiguration | null;
  sandbox(): SandboxConfiguration;
  /** The runtime that was given this configuration: `runtime_id sha256`. */
  delivered(): string | null;
  setDelivered(mark: string): void;
};

export function createConfigurationStore(storage: ObjectStorage): ConfigurationStore {
  const { sql } = storage;
  /** Asked about before every tool call, and read once. */
  let gate: GateConfiguration | null = null;
  let isReadable: boolean | null = null;
  const row = () => rowSchema.parse(sql.exec("SELECT * FROM configuration").one());
  return {
    versions() {
      const { wanted_version: wanted, loaded_version: loaded } = row();
      isReadable ??= row().sha256 === null || (readGate(row().gate) !== CLOSED && readSandbox(sql) !== null);
      return { wanted, loaded: isReadable ? loaded : -1 };
    },
    want(version) {
      sql.exec("UPDATE configuration SET wanted_version = max(wanted_version, ?)", version);
    },
    save({ version, sha256, sandboxJson, gate: saved }) {
      [gate, isReadable] = [null, true];
      storage.transactionSync(() => {
        sql.exec(
          "UPDATE configuration SET loaded_version = ?, sha256 = ?, gate = ?",
          version,
          sha256,
          JSON.stringify(saved),
        );
        sql.exec("DELETE FROM configuration_parts");
        for (let at = 0; at < sandboxJson.byteLength; at += PART_BYTES) {
          const part = sandboxJson.slice(at, at + PART_BYTES).buffer;
          sql.exec("INSERT INTO configuration_parts (number, bytes) VALUES (?, ?)", at / PART_BYTES, part);
        }
      });
    },
    sha256: () => row().sha256,
    gate() {
      gate ??= readGate(row().gate);
      return gate;
    },
    sandbox() {
      const sandbox = readSandbox(sql);
      if (sandbox === null) throw new Error("the configuration that was stored is not read before it is loaded again");
      return sandbox;
    },
    delivered: () => row().delivered,
    setDelivered(mark) {
      sql.exec("UPDATE configuration SET delivered = ?", mark);
    },
  };
}

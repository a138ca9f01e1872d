// The configuration that the session works with, in its object's storage: D1 is asked only when something has changed.
import { z } from "zod";
import {
  type GateConfiguration,
  gateConfigurationSchema,
  type SandboxConfiguration,
  sandboxConfigurationSchema,
} from "../../shared/configuration/session-configuration.ts";
import type { ObjectStorage } from "../sql/migrate.ts";

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

export type ConfigurationStore = {
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
  const row = () => rowSchema.parse(sql.exec("SELECT * FROM configuration").one());
  return {
    versions() {
      const { wanted_version: wanted, loaded_version: loaded } = row();
      return { wanted, loaded };
    },
    want(version) {
      sql.exec("UPDATE configuration SET wanted_version = max(wanted_version, ?)", version);
    },
    save({ version, sha256, sandboxJson, gate }) {
      storage.transactionSync(() => {
        sql.exec(
          "UPDATE configuration SET loaded_version = ?, sha256 = ?, gate = ?",
          version,
          sha256,
          JSON.stringify(gate),
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
      const { gate } = row();
      return gate === null ? null : gateConfigurationSchema.parse(JSON.parse(gate));
    },
    sandbox() {
      const parts = sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM configuration_parts ORDER BY number").toArray();
      const decoder = new TextDecoder();
      const text = parts.map(({ bytes }) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode();
      return sandboxConfigurationSchema.parse(JSON.parse(text));
    },
    delivered: () => row().delivered,
    setDelivered(mark) {
      sql.exec("UPDATE configuration SET delivered = ?", mark);
    },
  };
}

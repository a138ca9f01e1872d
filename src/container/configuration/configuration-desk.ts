// The configuration that the session's turns name: kept by its SHA-256, and laid out before each of them.
import type { SandboxConfiguration } from "../../shared/configuration/session-configuration.ts";
import type { TurnStart } from "../../shared/rpc/runner-session-api.ts";
import { createConfigurationFolder } from "./configuration-folder.ts";
import { type LaunchConfiguration, NO_CONFIGURATION } from "./launch-configuration.ts";

export type ConfigurationDesk = {
  /** False when the turn names a configuration that it does not bring and that is not here. */
  take(turn: Pick<TurnStart, "configuration">): boolean;
  /** Idempotent; quick when all is as it was laid out. */
  configure(turn: Pick<TurnStart, "configuration">): Promise<LaunchConfiguration>;
};

export function createConfigurationDesk(files: { configuration: string; configDir: string }): ConfigurationDesk {
  const folder = createConfigurationFolder({ root: files.configuration, configDir: files.configDir });
  let held: { sha256: string; body: SandboxConfiguration } | null = null;
  return {
    take({ configuration }) {
      if (configuration === undefined || configuration.sha256 === held?.sha256) return true;
      if (configuration.body === null) return false;
      held = { sha256: configuration.sha256, body: configuration.body };
      return true;
    },
    async configure({ configuration }) {
      if (configuration === undefined || held === null) return NO_CONFIGURATION;
      const { sha256, body } = held;
      // Before each turn: the agent may have put something else in its place meanwhile.
      await folder.show(sha256, body.files);
      const { files: _files, ...rest } = body;
      return { sha256, ...rest };
    },
  };
}

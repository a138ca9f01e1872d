// An agent's file as a call names it: by a GitHub URL, or as text.
import { AppError } from "../../shared/errors/app-error.ts";
import type { AgentSource } from "./agent-service.ts";
import type { FetchAgentFile } from "./fetch-agent-file.ts";
import { type AgentFile, readAgentFile } from "./read-agent-file.ts";

export type AgentFiles = {
  read(url: string | null, text: string | null): Promise<{ file: AgentFile; source: AgentSource }>;
};

export function createAgentFiles(fetchFile: FetchAgentFile): AgentFiles {
  return {
    async read(url, text) {
      if (text !== null && url === null) {
        return { file: readAgentFile(text), source: { source_url: null, source_commit: null } };
      }
      if (url === null || text !== null) throw new AppError("invalid_argument", "Give one of url and text.");
      const { text: fetched, ...source } = await fetchFile(url);
      return { file: readAgentFile(fetched), source };
    },
  };
}

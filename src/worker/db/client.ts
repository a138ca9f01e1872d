// The typed access to D1 that stores share.
import { drizzle } from "drizzle-orm/d1";
import * as agents from "./agent-schema.ts";
import * as configuration from "./configuration-schema.ts";
import * as mcpServers from "./mcp-server-schema.ts";
import * as people from "./schema.ts";

const schema = { ...people, ...agents, ...configuration, ...mcpServers };

export type Database = ReturnType<typeof createDatabase>;

export function createDatabase(binding: D1Database) {
  return drizzle(binding, { schema, casing: "snake_case" });
}

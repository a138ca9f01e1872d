// How drizzle-kit writes migrations/ from the schema; wrangler applies them.
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/worker/db/*schema.ts",
  out: "./migrations",
  casing: "snake_case",
});

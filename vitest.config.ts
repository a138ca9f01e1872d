import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { globSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const TEST_SECRETS = {
  ANTHROPIC_API_KEY: "sk-ant-test-key",
  RUN_TOKEN_SECRET: "run-token-secret-for-tests-only-0123456789",
  SIGN_IN_CODE: "TEST-CODE-0000",
  SANDBOX_SUPERVISOR_TOKEN: "supervisor-token-for-tests-only",
  VAULT_KEYS: `test:${"A".repeat(43)}`,
  METRICS_TOKEN: "none",
  OTEL_EXPORTER_OTLP_HEADERS: "none",
};

/** What is polled for comes within milliseconds, or never: the default of one second also catches a machine that is busy. */
const expect = { poll: { timeout: 10_000 } };

/** Files of the workers project that CI runs together; by themselves they run as any other. */
const GROUPS = process.env["CI"] === "true" ? globSync("test/integration/groups/*.group.ts") : [];
const grouped = GROUPS.flatMap((group) =>
  [...readFileSync(group, "utf8").matchAll(/^import "\.\.\/(.+)";$/gm)].map(
    ([, file = ""]) => `test/integration/${file}`,
  ),
);

// What each project needs: unit nothing; container the real CLI; workers workerd; e2e the whole local stack.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          expect,
          sequence: { groupOrder: 0 },
          environment: "node",
          include: [
            "src/{shared,worker,durable-objects}/**/*.test.{ts,tsx}",
            "local/**/*.test.ts",
            "test/{policy,support,chaos}/**/*.test.ts",
          ],
        },
      },
      {
        test: {
          name: "container",
          expect,
          sequence: { groupOrder: 1 },
          environment: "node",
          include: ["src/container/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ...TEST_SECRETS,
                SANDBOX: "process",
                SANDBOX_SUPERVISOR_URL: "http://127.0.0.1:1",
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
              },
            },
          })),
        ],
        test: {
          name: "workers",
          expect,
          sequence: { groupOrder: 2 },
          include: ["test/integration/**/*.test.ts", ...GROUPS],
          exclude: grouped,
          setupFiles: ["./test/integration/apply-migrations.ts"],
          testTimeout: 30_000,
          // An object may log after its file's last test has ended: vitest takes a line on its way to it for an error.
          disableConsoleIntercept: true,
          // Many wait for a deadline to pass: four files at a time fill each other's pauses.
          maxWorkers: 4,
        },
      },
      {
        test: {
          name: "e2e",
          expect,
          sequence: { groupOrder: 3 },
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["./test/support/migrated-state.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file boots a stack of its own, and waits for it a good part of its time.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "containers",
          expect,
          sequence: { groupOrder: 4 },
          environment: "node",
          include: ["test/containers/**/*.test.ts"],
          globalSetup: ["./test/support/migrated-state.ts", "./test/containers/warm-engine.ts"],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

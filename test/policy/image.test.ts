// The image says again what the code says of Node's flags: a Dockerfile can import nothing.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { NODE_FLAGS } from "../../local/sandboxes/spawn-runner.ts";
import { NODE_OPTIONS } from "../../src/container/checkpoints/engine/engine-process.ts";

const image = readFileSync(join(import.meta.dirname, "../../src/container/Dockerfile"), "utf8");

/** Compiled code counts for the flags that have this number, and for no others. */
function compiledFor(flags: readonly string[]): string {
  const print = 'process.stdout.write(String(require("node:v8").cachedDataVersionTag()))';
  return execFileSync(process.execPath, [...flags, "-e", print], { encoding: "utf8" });
}

it("starts the runner with the flags of a local one", () => {
  const [, entry = ""] = /^ENTRYPOINT (.*)$/m.exec(image) ?? [];
  expect(JSON.parse(entry)).toEqual(["/usr/bin/tini", "--", "node", ...NODE_FLAGS, "/opt/berth/src/container/main.ts"]);
});

it("compiles runner and engine for the flags that they are started with", () => {
  const flagsBefore = (module: string): string[] => {
    const [, flags = ""] = new RegExp(`node ([^']*)--input-type=module -e '[^']*/${module}"`).exec(image) ?? [];
    return flags.split(" ").filter((flag) => flag !== "");
  };
  expect(image).toContain("serve-engine.ts");
  expect(compiledFor(flagsBefore("rpc/server.ts"))).toBe(compiledFor(NODE_FLAGS));
  expect(compiledFor(flagsBefore("checkpoints/engine/serve-engine.ts"))).toBe(compiledFor(NODE_OPTIONS));
});

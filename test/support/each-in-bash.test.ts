import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { eachInBash } from "./each-in-bash.ts";

it("runs every command, and leaves none of what they started in the background", () => {
  const mark = String(7_000_000 + process.pid);
  const texts = [
    `echo <( while true; do : ${mark}; done )`,
    `(while true; do : ${mark}; done) & echo there`,
    "echo after",
  ];
  const program = ["timeout", "50", "bash", "--norc", "-c", eachInBash("2>&1")];
  const input = texts.map((text) => `${text}\0`).join("");
  const output = execFileSync("/usr/bin/env", ["-i", "PATH=/usr/bin:/bin", ...program], { input, encoding: "utf8" });
  expect(output).toContain("there");
  expect(output).toContain("after");
  const running = execFileSync("ps", ["ax", "-o", "args"], { encoding: "utf8" });
  expect(running.split("\n").filter((line) => line.includes(mark))).toEqual([]);
});

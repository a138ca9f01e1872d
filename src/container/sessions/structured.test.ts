import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, say } from "../../../test/support/scripted-model/scenario.ts";

const bench = useRunnerBench();
const schema = {
  type: "object",
  properties: { answer: { type: "integer", minimum: 3 }, mail: { type: "string", format: "email" } },
  required: ["answer"],
  additionalProperties: false,
};

describe("an answer that is held to a schema", () => {
  it("probe", async () => {
    const host = await bench.openSession();
    const run = async (
      steps: Parameters<typeof embedScenario>[0]["steps"],
      output_schema: Record<string, unknown> | undefined = schema,
      id = randomUUID(),
    ) => {
      const turn = makeTurn(
        `go ${randomUUID()}\n${embedScenario({ steps })}`,
        id,
        output_schema === undefined ? {} : { output_schema },
      );
      await host.runner().startTurn(turn);
      const ended = await host.turnEnded(turn.turn_id);
      console.log(JSON.stringify(ended.result), ended.reason, host.ofKind("cli_started").length);
      console.log(
        host
          .messages()
          .map((m) => `${m.type}/${m.subtype ?? ""}`)
          .join(" "),
      );
      return turn;
    };
    const base = { type: "object", properties: { answer: {} } };
    for (const extra of [
      { properties: { answer: { type: "string", format: "email" } } },
      { properties: { answer: { type: "string", format: "date-time" } } },
      { properties: { answer: { type: "string" } }, patternProperties: { "^a": { type: "string" } } },
      { if: { required: ["a"] } },
      { properties: { answer: { type: ["string", "string"] } } },
      { properties: { answer: { anyOf: [{ type: "string" }, { type: "null" }] } }, required: [] },
      { title: "x", description: "y", $comment: "z", additionalProperties: { type: "string" } },
      { properties: { answer: { maxLength: 10, type: "string" } }, definitions: { q: {} } },
    ]) {
      const turn = makeTurn(
        `go ${randomUUID()}\n${embedScenario({ steps: [[callTool("StructuredOutput", { answer: "x" })], [say("done")]] })}`,
        randomUUID(),
        { output_schema: { ...base, ...extra } },
      );
      await host.runner().startTurn(turn);
      const ended = await host.turnEnded(turn.turn_id);
      console.log(
        JSON.stringify(extra),
        "=>",
        ended.reason,
        JSON.stringify(ended.result?.structured),
        ended.result?.subtype,
        ended.stderr_tail?.slice(0, 300),
      );
    }
  }, 60_000);
});

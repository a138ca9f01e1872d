import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MAX_STRUCTURED_BYTES } from "../../shared/limits.ts";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, say, type Step } from "../../../test/support/scripted-model/scenario.ts";
import { findSchemaProblem } from "../../shared/structured/output-schema-policy.ts";
import { EVERY_KEYWORD } from "../../../test/support/every-keyword.ts";

const bench = useRunnerBench();

const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: { answer: { type: "integer", minimum: 3 } },
  required: ["answer"],
  additionalProperties: false,
};
const answerWith = (value: Record<string, unknown>): Step => [callTool("StructuredOutput", value)];

async function openRun() {
  const host = await bench.openSession();
  const claudeSessionId = randomUUID();
  return {
    host,
    async run(steps: Step[], output_schema?: Record<string, unknown>) {
      const prompt = `answer ${randomUUID()}\n${embedScenario({ steps })}`;
      const turn = makeTurn(prompt, claudeSessionId, output_schema === undefined ? {} : { output_schema });
      await host.runner().startTurn(turn);
      return host.turnEnded(turn.turn_id);
    },
  };
}

describe("an answer that is held to a schema", () => {
  it("comes as a value, also after Claude Code asked for it again [structured.answer]", async () => {
    const { run } = await openRun();
    expect((await run([answerWith({ answer: 5 }), [say("done")]], schema)).result?.structured).toEqual({ answer: 5 });
    const steps = [answerWith({ answer: 1 }), [say("but")], answerWith({ answer: 4 }), [say("done")]];
    expect((await run(steps, schema)).result?.structured).toEqual({ answer: 4 });
  });

  it("is none when the model gives words alone, or never one that fits [structured.answer]", async () => {
    const { run } = await openRun();
    const words = await run([[say("only words")], [say("still words")], [say("words")]], schema);
    expect(words.result).not.toHaveProperty("structured");
    const never = await run(
      Array.from({ length: 8 }, () => answerWith({ answer: 1 })),
      schema,
    );
    expect(never.result).toMatchObject({ subtype: "error_max_structured_output_retries", is_error: true });
    expect(never.result).not.toHaveProperty("structured");
  });

  it("is asked for in the turns that want it alone, in one conversation [structured.answer]", async () => {
    const { host, run } = await openRun();
    await run([answerWith({ answer: 5 }), [say("done")]], schema);
    await run([answerWith({ answer: 6 }), [say("done")]], schema);
    expect(host.ofKind("cli_started")).toHaveLength(1);
    const plain = await run([[say("words")]]);
    expect(plain.result).toMatchObject({ text: "words", is_error: false });
    expect(plain.result).not.toHaveProperty("structured");
    expect(host.ofKind("cli_started").map(({ resumed }) => resumed)).toEqual([false, true]);
  });

  it("is said to be too large rather than shortened [structured.answer]", async () => {
    const { run } = await openRun();
    const open = { type: "object", properties: { text: { type: "string" } } };
    const ended = await run([answerWith({ text: "x".repeat(MAX_STRUCTURED_BYTES) }), [say("done")]], open);
    expect(ended.result).toMatchObject({ structured_too_large: true });
    expect(ended.result).not.toHaveProperty("structured");
  });

  it("may use every keyword that we let through: Claude Code takes them all [structured.schema]", async () => {
    const { run } = await openRun();
    expect(findSchemaProblem(EVERY_KEYWORD)).toBeNull();
    const ended = await run([answerWith({ name: "berth" }), [say("done")]], EVERY_KEYWORD);
    expect(ended).toMatchObject({ reason: "result", result: { structured: { name: "berth" } } });
  });
});

// Conversations that leave one sandbox and go on in another, with the real Claude Code.
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { createTestHost, makeTurn, type RunnerProcess, startRunner } from "../../../test/support/runner-host.ts";
import { countPrompts, modelRequestSchema } from "../../../test/support/scripted-model/conversation.ts";
import { embedScenario, say } from "../../../test/support/scripted-model/scenario.ts";
import { MAX_SEGMENT_BYTES, MAX_SEGMENTS_PER_FILE, type TranscriptManifest } from "../../shared/transcripts/schema.ts";
import { storeFile } from "./transcript-pieces.ts";

const bench = useRunnerBench();
type Host = ReturnType<typeof createTestHost>;

const others: RunnerProcess[] = [];
afterEach(async () => {
  for (const runner of others.splice(0)) await runner.stop();
});

async function otherSandbox(from: Host): Promise<Host> {
  const runner = await startRunner({ edgeUrl: bench.edge.url });
  others.push(runner);
  const host = createTestHost(runner);
  for (const [sha256, body] of from.bodies) host.bodies.set(sha256, body);
  await host.connect();
  return host;
}

const tell = (words: string, answer: string) => `${words}\n${embedScenario({ steps: [[say(answer)]] })}`;

async function run(
  host: Host,
  claudeSessionId: string,
  words: string,
  more: Partial<Parameters<typeof makeTurn>[2]> = {},
) {
  const turn = makeTurn(tell(words, `answer to ${words}`), claudeSessionId, more);
  const before = host.commits.length;
  await host.runner().startTurn(turn);
  const ended = await host.turnEnded(turn.turn_id);
  await host.until(() => host.commits.length > before || undefined, "the transcript");
  return { turn, ended, commit: host.commits.at(-1)! };
}

function manifest(host: Host): TranscriptManifest {
  return { format: 1, transcript_version: host.commits.length, files: host.commits.at(-1)!.files };
}

function newestConversation(words: string) {
  const requests = bench.model.requests.flatMap(({ body }) => modelRequestSchema.safeParse(body).data ?? []);
  const found = requests.findLast((request) => JSON.stringify(request).includes(words));
  if (found === undefined) throw new Error(`the model was never sent ${words}`);
  return found;
}

describe("a conversation", () => {
  it("leaves the sandbox after each turn: what grew, as one more piece [transcripts.upload]", async () => {
    const host = await bench.openSession();
    const id = randomUUID();
    const first = await run(host, id, "first-words");
    expect(first.commit.turn_id).toBe(first.turn.turn_id);
    const path = `${id}.jsonl`;
    const piecesOf = (commit: typeof first.commit) => commit.files.find((file) => file.path === path)!.segments;
    expect(piecesOf(first.commit)).toHaveLength(1);
    const stored = host.bodies.size;
    const second = await run(host, id, "second-words");
    expect(piecesOf(second.commit)).toHaveLength(2);
    expect(piecesOf(second.commit)[0]).toEqual(piecesOf(first.commit)[0]);
    expect(host.bodies.size).toBe(stored + 1);
    const whole = Buffer.concat(piecesOf(second.commit).map(({ sha256 }) => host.bodies.get(sha256)!)).toString();
    expect(whole).toContain("answer to first-words");
    expect(whole).toContain("answer to second-words");
  });

  it("goes on in an empty sandbox, with every prompt in it once [transcripts.restore]", async () => {
    const host = await bench.openSession();
    const id = randomUUID();
    await run(host, id, "remember-this");
    const elsewhere = await otherSandbox(host);
    const { ended } = await run(elsewhere, id, "and-now", { transcript: manifest(host) });
    expect(ended.result?.text).toBe("answer to and-now");
    expect(elsewhere.ofKind("cli_started")).toMatchObject([{ resumed: true }]);
    const conversation = newestConversation("and-now");
    expect(countPrompts(conversation, "remember-this")).toBe(1);
    expect(countPrompts(conversation, "and-now")).toBe(1);
    // What is stored already is not sent again.
    expect(manifest(elsewhere).files.find((file) => file.path === `${id}.jsonl`)?.segments).toHaveLength(2);
  });

  it("continues as a copy under an id of its own, and leaves the source alone [transcripts.fork]", async () => {
    const host = await bench.openSession();
    const [source, fork] = [randomUUID(), randomUUID()];
    await run(host, source, "the-source");
    const elsewhere = await otherSandbox(host);
    const copy = { transcript: manifest(host), forked_from_claude_session_id: source };
    const first = await run(elsewhere, fork, "in-the-fork", copy);
    expect(first.ended.result?.text).toBe("answer to in-the-fork");
    expect(countPrompts(newestConversation("in-the-fork"), "the-source")).toBe(1);
    const paths = first.commit.files.map((file) => file.path);
    expect(paths).toContain(`${fork}.jsonl`);
    await run(host, source, "the-source-goes-on");
    expect(countPrompts(newestConversation("the-source-goes-on"), "in-the-fork")).toBe(0);
    await run(elsewhere, fork, "again", copy);
    expect(countPrompts(newestConversation("again"), "in-the-fork")).toBe(1);
  });

  it("does not begin anew when its files cannot be put back: the turn fails [transcripts.restore]", async () => {
    const host = await bench.openSession();
    const id = randomUUID();
    await run(host, id, "precious");
    const elsewhere = await otherSandbox(host);
    for (const key of elsewhere.bodies.keys()) elsewhere.bodies.set(key, Buffer.from("something else"));
    const turn = makeTurn(tell("go on", "x"), id, { transcript: manifest(host) });
    await elsewhere.runner().startTurn(turn);
    expect(await elsewhere.turnEnded(turn.turn_id)).toMatchObject({ reason: "cli_start_failed" });
    expect(elsewhere.ofKind("cli_started")).toEqual([]);
  });

  it("is stored once the link is back [transcripts.upload]", async () => {
    const host = await bench.openSession();
    const turn = makeTurn(tell("cut me", "x"), randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    host.cut();
    await host.connect();
    const find = () => host.commits.find((commit) => commit.turn_id === turn.turn_id);
    expect(await host.until(find, "the transcript")).toMatchObject({ turn_id: turn.turn_id });
  });
});

describe("a transcript file", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-pieces-"));
  const store = async (text: string, known?: Awaited<ReturnType<typeof storeFile>>) => {
    writeFileSync(join(folder, "t.jsonl"), text);
    const put: string[] = [];
    const file = { path: "t.jsonl", bytes: Buffer.byteLength(text) };
    const stored = await storeFile(folder, file, known, async ({ content }) => void put.push(content.toString()));
    return { stored, put };
  };

  it("is sent in the parts by which it grew, and whole when it was written anew [transcripts.upload]", async () => {
    const first = await store("one\n");
    expect(first.put).toEqual(["one\n"]);
    const grown = await store("one\ntwo\n", first.stored);
    expect(grown.put).toEqual(["two\n"]);
    expect((await store("one\ntwo\n", grown.stored)).put).toEqual([]);
    expect((await store("other\n", grown.stored)).put).toEqual(["other\n"]);
    expect((await store("one\nTWO\nthree\n", grown.stored)).put).toEqual(["one\nTWO\nthree\n"]);
  });

  it("is cut into pieces that the object takes, however long it is, and those that are full are sent once [transcripts.upload]", async () => {
    const path = join(folder, "long.jsonl");
    writeFileSync(path, Buffer.alloc(2.5 * MAX_SEGMENT_BYTES, "x"));
    const sent: number[] = [];
    const grow = (known?: Awaited<ReturnType<typeof storeFile>>) =>
      storeFile(
        folder,
        { path: "long.jsonl", bytes: statSync(path).size },
        known,
        async ({ content }) => void sent.push(content.length),
      );
    let known = await grow();
    expect(sent.splice(0)).toEqual([MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES / 2]);
    const full = known.segments.slice(0, 2);
    for (let line = 0; line < 70; line++) {
      appendFileSync(path, `${line}\n`);
      known = await grow(known);
      expect(known.segments.length).toBeLessThanOrEqual(MAX_SEGMENTS_PER_FILE);
    }
    // 70 small ones, one of which took all that came after the full ones with it.
    expect(sent.filter((bytes) => bytes > MAX_SEGMENT_BYTES / 2)).toHaveLength(1);
    expect(Math.max(...sent)).toBeLessThanOrEqual(MAX_SEGMENT_BYTES);
    expect(known.segments.slice(0, 2)).toEqual(full);
    expect(known.segments.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(statSync(path).size);
  });

  it("is sent in one piece again once it has too many [transcripts.upload]", async () => {
    let text = "";
    let known: Awaited<ReturnType<typeof storeFile>> | undefined;
    for (let line = 0; line < 70; line++) {
      text += `${line}\n`;
      known = (await store(text, known)).stored;
    }
    expect(known?.segments.length).toBeLessThan(10);
    expect(known?.segments.reduce((sum, segment) => sum + segment.bytes, 0)).toBe(text.length);
  });
});

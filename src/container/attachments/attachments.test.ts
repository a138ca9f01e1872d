import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MAX_ATTACHMENT_BYTES } from "../../shared/limits.ts";
import { GIF, PDF, PNG } from "../../../test/support/files.ts";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { makeTurn } from "../../../test/support/runner-host.ts";
import { modelRequestSchema } from "../../../test/support/scripted-model/conversation.ts";

const bench = useRunnerBench();

function put(path: string, content: Uint8Array | string): string {
  const folder = `attached-${randomUUID()}`;
  mkdirSync(join(bench.runner.workspaceDir, folder));
  writeFileSync(join(bench.runner.workspaceDir, folder, path), content);
  return `${folder}/${path}`;
}

function uploadOf(bytes: Uint8Array, name: string, media_type: string) {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { upload_id: randomUUID(), name, media_type, bytes: bytes.length, sha256 };
}

function requestsAbout(mark: string) {
  return bench.model.requests
    .filter(({ path }) => path.startsWith("/v1/messages?"))
    .map(({ body }) => modelRequestSchema.parse(body))
    .filter((request) => JSON.stringify(request.messages).includes(mark));
}

describe("files that come with a prompt", () => {
  it("reach the model as an image, a document and a text, in order, once [attachments.model]", async () => {
    const image = uploadOf(PNG, "pixel.png", "image/png");
    const host = await bench.openSession({
      readAttachment: async ({ upload_id, offset, bytes }) => ({
        bytes: upload_id === image.upload_id ? PNG.subarray(offset, offset + bytes) : null,
      }),
    });
    const mark = `look at these ${randomUUID()}`;
    const attachments = [image, { project_file: put("paper.pdf", PDF) }, { project_file: put("note.md", "# Größe") }];
    const turn = makeTurn(mark, randomUUID(), { attachments });
    expect(await host.runner().startTurn(turn)).toEqual({ state: "started" });
    expect(await host.runner().startTurn(turn)).toEqual({ state: "known" });
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "result", result: { is_error: false } });
    const requests = requestsAbout(mark);
    expect(requests).toHaveLength(1);
    const sent = JSON.stringify(requests[0]?.messages);
    expect(sent).toContain(Buffer.from(PNG).toString("base64"));
    expect(sent).toContain(Buffer.from(PDF).toString("base64"));
    expect(sent).toContain("# Größe");
    expect(sent.indexOf("pixel.png")).toBeLessThan(sent.indexOf("paper.pdf"));
    expect(sent.split(Buffer.from(PNG).toString("base64"))).toHaveLength(2);
  });

  it.each([
    ["that is not there", () => "missing.txt", "file_not_found"],
    ["that is a folder", () => put("x.txt", "x").split("/")[0]!, "file_not_found"],
    ["that is empty", () => put("empty.txt", ""), "empty"],
    ["whose name says image and that is text", () => put("fake.png", "no image"), "not_its_type"],
    ["whose name says PDF and that is an image", () => put("fake.pdf", GIF), "not_its_type"],
    ["that is neither text nor image", () => put("data.bin", new Uint8Array([0, 255, 254, 3])), "unsupported"],
    ["that is too large", () => put("large.txt", "x".repeat(MAX_ATTACHMENT_BYTES + 1)), "too_large"],
    [
      "behind a link that leaves the project",
      () => {
        const path = put("x.txt", "x").replace("x.txt", "link.txt");
        symlinkSync("/etc/hostname", join(bench.runner.workspaceDir, path));
        return path;
      },
      "file_not_found",
    ],
  ])("a file %s fails the turn before the model is asked [attachments.refused]", async (_name, make, problem) => {
    const host = await bench.openSession();
    const mark = `look ${randomUUID()}`;
    const good = { project_file: put("good.txt", "good") };
    const turn = makeTurn(mark, randomUUID(), { attachments: [good, { project_file: make() }] });
    await host.runner().startTurn(turn);
    const ended = await host.turnEnded(turn.turn_id);
    expect(ended).toMatchObject({ reason: "attachment_refused", result: null, attachment: { index: 1, problem } });
    expect(host.ofKind("cli_started")).toHaveLength(0);
    expect(requestsAbout(mark)).toEqual([]);
    const next = makeTurn("go on", turn.claude_session_id);
    await host.runner().startTurn(next);
    expect(await host.turnEnded(next.turn_id)).toMatchObject({ reason: "result", result: { is_error: false } });
  });

  it("an upload that is gone, or is not what the turn names, fails the turn [attachments.refused]", async () => {
    const upload = uploadOf(PNG, "pixel.png", "image/png");
    for (const [bytes, problem] of [
      [null, "upload_gone"],
      [GIF, "not_fetched"],
    ] as const) {
      const host = await bench.openSession({ readAttachment: async () => ({ bytes }) });
      const turn = makeTurn("look", randomUUID(), { attachments: [upload] });
      await host.runner().startTurn(turn);
      const ended = await host.turnEnded(turn.turn_id);
      expect(ended).toMatchObject({ reason: "attachment_refused", attachment: { index: 0, problem } });
    }
  });

  it("are fetched although the link is cut, or the object fails, in the middle [attachments.hand_over]", async () => {
    const upload = uploadOf(PNG, "pixel.png", "image/png");
    let calls = 0;
    const host = await bench.openSession({
      readAttachment: async ({ offset, bytes }) => {
        calls += 1;
        if (calls === 1) {
          host.cut();
          setTimeout(() => void host.connect(), 200);
          return new Promise(() => {});
        }
        if (calls === 2) throw new Error("a hiccup");
        return { bytes: PNG.subarray(offset, offset + bytes) };
      },
    });
    const turn = makeTurn("look", randomUUID(), { attachments: [upload] });
    await host.runner().startTurn(turn);
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "result", result: { is_error: false } });
    expect(calls).toBe(3);
  });

  it("are not fetched any more once their turn is stopped [attachments.hand_over]", async () => {
    let calls = 0;
    const host = await bench.openSession({
      readAttachment: async () => {
        calls += 1;
        throw new Error("no answer");
      },
    });
    const turn = makeTurn("look", randomUUID(), { attachments: [uploadOf(PNG, "pixel.png", "image/png")] });
    await host.runner().startTurn(turn);
    await expect.poll(() => calls).toBeGreaterThan(1);
    await host.runner().interruptTurn({ turn_id: turn.turn_id });
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "interrupted" });
    const before = calls;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(calls).toBe(before);
  });

  it("may be 20 MB together: they reach the model, and the conversation is stored with them [attachments.model]", async () => {
    const host = await bench.openSession();
    const mark = `read much ${randomUUID()}`;
    const filling = new Uint8Array(MAX_ATTACHMENT_BYTES - PDF.length).fill(32);
    const large = Buffer.concat([PDF.subarray(0, 9), filling, PDF.subarray(9)]);
    const attachments = ["a", "b", "c", "d"].map((name) => ({ project_file: put(`${name}.pdf`, large) }));
    const turn = makeTurn(mark, randomUUID(), { attachments });
    await host.runner().startTurn(turn);
    const ended = await host.turnEnded(turn.turn_id);
    expect(ended).toMatchObject({ reason: "result", result: { is_error: false } });
    expect(ended).toMatchObject({ attached_bytes: 4 * MAX_ATTACHMENT_BYTES });
    const [request] = requestsAbout(mark);
    expect(JSON.stringify(request?.messages).length).toBeGreaterThan(4 * MAX_ATTACHMENT_BYTES);
    await host.until(() => host.commits[0], "the conversation");
    const more = makeTurn("more", randomUUID(), { attachments: [...attachments, { project_file: put("e.txt", "e") }] });
    await host.runner().startTurn(more);
    const refused = await host.turnEnded(more.turn_id);
    expect(refused).toMatchObject({ reason: "attachment_refused", attachment: { index: 4, problem: "all_too_large" } });
    expect(refused).toMatchObject({ attached_bytes: 0 });
    const small = { attachments: [{ project_file: put("s.txt", "s") }], attached_bytes: 4 * MAX_ATTACHMENT_BYTES };
    const last = makeTurn("last", randomUUID(), small);
    await host.runner().startTurn(last);
    expect(await host.turnEnded(last.turn_id)).toMatchObject({ attachment: { index: 0, problem: "all_too_large" } });
  }, 60_000);
});

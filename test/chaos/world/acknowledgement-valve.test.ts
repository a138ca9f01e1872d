import { describe, expect, it } from "vitest";
import { createValve, readAcknowledgement } from "./acknowledgement-valve.ts";

const HEADERS = Buffer.from("GET /rpc/sessions/x HTTP/1.1\r\nHost: runner\r\nUpgrade: websocket\r\n\r\n");
const QUESTION = Buffer.from("GET /health HTTP/1.1\r\nHost: runner\r\n\r\n");

/** As a client sends it. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([Buffer.from([0x81]), length, mask, masked]);
}

const acknowledge = (seq: number) => frame(`["resolve",3,{"acknowledged_source_seq":${seq}}]`);
const isNine = (text: string) => readAcknowledgement(text) === 9;

describe("the valve for an acknowledgement", () => {
  it("lets everything pass before the one that is meant, and holds it and what follows until it is opened [chaos.moments]", () => {
    const valve = createValve(isNine);
    const before = Buffer.concat([QUESTION, HEADERS, frame("x".repeat(300)), acknowledge(8)]);
    const after = Buffer.concat([acknowledge(9), frame("later")]);
    expect(valve.pass(Buffer.concat([before, after]))).toEqual(before);
    expect(valve.pass(frame("still later"))).toEqual(Buffer.alloc(0));
    expect(valve.open()).toEqual(Buffer.concat([after, frame("still later")]));
    expect(valve.pass(acknowledge(10))).toEqual(acknowledge(10));
  });

  it("finds it however the bytes are cut [chaos.moments]", () => {
    const whole = Buffer.concat([HEADERS, acknowledge(8), acknowledge(9), acknowledge(10)]);
    const valve = createValve(isNine);
    const passed = Array.from(whole, (_, at) => valve.pass(whole.subarray(at, at + 1)));
    expect(Buffer.concat(passed)).toEqual(Buffer.concat([HEADERS, acknowledge(8)]));
    expect(valve.open()).toEqual(Buffer.concat([acknowledge(9), acknowledge(10)]));
  });

  it("takes no other message for an acknowledgement [chaos.moments]", () => {
    expect(readAcknowledgement('["push",["pipeline",0,["hello"],[{"acknowledged_source_seq":9}]]]')).toBeNull();
    expect(readAcknowledgement('["resolve",2,{"behavior":"no_rule"}]')).toBeNull();
  });
});

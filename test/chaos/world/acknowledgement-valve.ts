// Reads what an object says to a runner over their WebSocket, and stops the stream before a message that is asked for.

export type Valve = {
  /** The part of the stream that may go on. */
  pass(chunk: Buffer): Buffer;
  /** Gives out what was held back; from then on everything passes. */
  open(): Buffer;
};

type Frame = { bytes: number; text: string };

const END_OF_HEADERS = Buffer.from("\r\n\r\n");

/** `isMeant` is asked about each message, until it says yes once. */
export function createValve(isMeant: (text: string) => boolean): Valve {
  let pending: Buffer = Buffer.alloc(0);
  let isUpgraded = false;
  let isShut = false;

  /** How much of the pending bytes may go on. */
  function countPassing(): number {
    let passing = 0;
    // A connection may carry questions before it becomes a WebSocket; none of them has a body.
    while (!isUpgraded) {
      const end = pending.indexOf(END_OF_HEADERS, passing);
      if (end === -1) return passing;
      isUpgraded = /^upgrade: *websocket\r?$/im.test(pending.toString("latin1", passing, end));
      passing = end + END_OF_HEADERS.length;
    }
    for (;;) {
      const frame = readFrame(pending.subarray(passing));
      if (frame === null) return passing;
      if (isMeant(frame.text)) {
        isShut = true;
        return passing;
      }
      passing += frame.bytes;
    }
  }

  return {
    pass(chunk) {
      pending = Buffer.concat([pending, chunk]);
      if (isShut) return Buffer.alloc(0);
      const passing = countPassing();
      const passed = pending.subarray(0, passing);
      pending = pending.subarray(passing);
      return passed;
    },
    open() {
      if (!isShut) return Buffer.alloc(0);
      isShut = false;
      const passing = pending;
      const unfinished = findUnfinished(pending);
      pending = passing.subarray(passing.length - unfinished);
      return passing.subarray(0, passing.length - unfinished);
    },
  };
}

function findUnfinished(bytes: Buffer): number {
  let passed = 0;
  for (let frame = readFrame(bytes); frame !== null; frame = readFrame(bytes.subarray(passed))) passed += frame.bytes;
  return bytes.length - passed;
}

/** The first frame of a client, which is masked; null while it is not whole. */
function readFrame(bytes: Buffer): Frame | null {
  const second = bytes[1];
  if (second === undefined) return null;
  const [lengthBytes, length] = readLength(bytes, second & 0x7f);
  if (length === null) return null;
  const maskFrom = 2 + lengthBytes;
  const from = maskFrom + ((second & 0x80) === 0 ? 0 : 4);
  if (bytes.length < from + length) return null;
  const payload = Buffer.from(bytes.subarray(from, from + length));
  if (from > maskFrom) for (let at = 0; at < length; at++) payload[at]! ^= bytes[maskFrom + (at % 4)]!;
  return { bytes: from + length, text: payload.toString("utf8") };
}

/** How many bytes the extended length has, and the length; null while it is not whole. */
function readLength(bytes: Buffer, short: number): [number, number | null] {
  if (short < 126) return [0, short];
  if (short === 126) return [2, bytes.length < 4 ? null : bytes.readUInt16BE(2)];
  return [8, bytes.length < 10 ? null : Number(bytes.readBigUInt64BE(2))];
}

/** The number that an object's answer to `append` acknowledges; null for any other message. */
export function readAcknowledgement(text: string): number | null {
  const found = /^\["resolve",.*"acknowledged_source_seq":(\d+)/.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

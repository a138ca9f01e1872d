// A headless Chromium for tests of pages, steered by its DevTools protocol: one page, opened, read, typed into, clicked.
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];
const POLL_MS = 50;

export type Browser = {
  open(url: string): Promise<void>;
  /** What a person reads on the page. */
  text(): Promise<string>;
  /** Resolves once the page's text matches. */
  waitForText(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Runs in the page; the answer has to be JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** What the whole page looks like, as a PNG file. */
  screenshot(path: string): Promise<void>;
  /** Every address that was asked for, the newest last. */
  requested(): string[];
  /** What the browser complained about since the last page was opened: exceptions, and what a policy refused. */
  complaints(): string[];
  close(): Promise<void>;
};

/** Null when there is no Chromium on the search path. */
export function findChromium(): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = folders.flatMap((folder) => ["chromium", "google-chrome"].map((name) => join(folder, name)));
  return paths.find(isProgram) ?? null;
}

export async function startBrowser(program: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "berth-browser-"));
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await readPort(child.stderr);
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as Record<string, string>[];
  const page = targets.find(({ type }) => type === "page")?.["webSocketDebuggerUrl"];
  const socket = new WebSocket(page ?? "");
  await new Promise<void>((resolve, reject) => socket.once("open", () => resolve()).once("error", reject));
  const browser = await steer(socket);
  return {
    ...browser,
    async close() {
      socket.close();
      child.kill("SIGKILL");
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function steer(socket: WebSocket): Promise<Omit<Browser, "close">> {
  const [requested, complaints]: [string[], string[]] = [[], []];
  const waiting = new Map<number, (result: Record<string, unknown>) => void>();
  let lastId = 0;
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString("utf8")) as {
      id?: number;
      method?: string;
      result?: object;
      params?: object;
    };
    if (message.id !== undefined) waiting.get(message.id)?.((message.result ?? {}) as Record<string, unknown>);
    note(message.method ?? "", (message.params ?? {}) as Record<string, any>, { requested, complaints });
  });
  const send = (method: string, params: object = {}): Promise<Record<string, any>> =>
    new Promise((resolve) => {
      const id = ++lastId;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);

  async function evaluate<T>(expression: string): Promise<T> {
    const { result } = await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    return result.value as T;
  }
  const text = async () => (await evaluate<string | null>("document.body && document.body.innerText")) ?? "";
  return {
    evaluate,
    text,
    requested: () => requested,
    complaints: () => complaints,
    async screenshot(path) {
      const { cssContentSize } = await send("Page.getLayoutMetrics");
      const clip = { x: 0, y: 0, width: cssContentSize.width, height: cssContentSize.height, scale: 1 };
      const { data } = await send("Page.captureScreenshot", { format: "png", clip, captureBeyondViewport: true });
      writeFileSync(path, Buffer.from(data as string, "base64"));
    },
    async open(url) {
      complaints.length = 0;
      await send("Page.navigate", { url });
    },
    async waitForText(pattern, timeoutMs = 15_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const found = await text();
        if (pattern.test(found)) return found;
        if (Date.now() > deadline) throw new Error(`The page never said ${String(pattern)}:\n${found}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  };
}

function note(method: string, params: Record<string, any>, notes: { requested: string[]; complaints: string[] }): void {
  if (method === "Network.requestWillBeSent") notes.requested.push(params["request"].url as string);
  if (method === "Runtime.exceptionThrown") notes.complaints.push(JSON.stringify(params["exceptionDetails"]));
  if (method === "Log.entryAdded" && params["entry"].level === "error") notes.complaints.push(params["entry"].text);
}

async function readPort(stderr: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: stderr })) {
    const port = /^DevTools listening on ws:\/\/[^:]+:(\d+)\//.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error("Chromium ended before it listened.");
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Holds an answer's body to its limits while it streams: one that is too large, too long or stands still is cut.
import { AppError } from "../../shared/errors/app-error.ts";

export type BodyLimits = { maxBytes: number; totalMs: number; idleMs: number };

/** `cut` ends the request itself, so that nothing goes on arriving, and hears why when that was not the reader's wish. */
export function boundAnswer(answer: Response, limits: BodyLimits, cut: (why?: AppError) => void): Response {
  const declared = Number(answer.headers.get("content-length") ?? 0);
  if (declared > limits.maxBytes) {
    const why = tooLarge();
    cut(why);
    throw why;
  }
  if (answer.body === null) return answer;
  const { status, statusText, headers } = answer;
  return new Response(boundStream(answer.body, limits, cut), { status, statusText, headers });
}

function boundStream(body: ReadableStream, limits: BodyLimits, cut: (why?: AppError) => void): ReadableStream {
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const endsAtMs = Date.now() + limits.totalMs;
  let bytes = 0;
  const fail = (controller: ReadableStreamDefaultController, error: AppError): void => {
    cut(error);
    void reader.cancel().catch(() => null);
    controller.error(error);
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const waitMs = Math.min(limits.idleMs, endsAtMs - Date.now());
      const read = await within(reader.read(), waitMs).catch(() => "broken" as const);
      if (read === "late") return fail(controller, tooSlow());
      if (read === "broken") return fail(controller, broken());
      if (read.done) return controller.close();
      bytes += read.value.byteLength;
      if (bytes > limits.maxBytes) return fail(controller, tooLarge());
      controller.enqueue(read.value);
    },
    cancel() {
      cut();
      void reader.cancel().catch(() => null);
    },
  });
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), Math.max(0, ms));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(): AppError {
  return new AppError("address_unreachable", "The server's answer is larger than is taken, and was cut.");
}

function tooSlow(): AppError {
  return new AppError("address_unreachable", "The server's answer stood still or took too long, and was cut.");
}

function broken(): AppError {
  return new AppError("address_unreachable", "The server broke its answer off.");
}

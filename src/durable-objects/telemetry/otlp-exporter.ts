// Sends spans and sums to an OpenTelemetry collector over OTLP/HTTP, and says what became of them.
import { z } from "zod";

export type Sent =
  /** `rejected`: how many of them the collector did not want. */
  { outcome: "taken"; rejected: number } | { outcome: "try_again" } | { outcome: "refused"; status: number };

export type OtlpExporter = { send(signal: "traces" | "metrics", body: unknown): Promise<Sent> };

type Options = {
  /** Without /v1/traces. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  fetch(url: string, init: RequestInit): Promise<Response>;
};

const TIMEOUT_MS = 10_000;
/** What OTLP says is worth another try. */
const TRY_AGAIN = new Set([408, 429, 502, 503, 504]);

const partialSchema = z.object({
  partialSuccess: z
    .object({ rejectedSpans: z.coerce.number().optional(), rejectedDataPoints: z.coerce.number().optional() })
    .optional(),
});

export function createOtlpExporter({ endpoint, headers, fetch }: Options): OtlpExporter {
  return {
    async send(signal, body) {
      const init = {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
        redirect: "manual" as const,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      };
      try {
        const response = await fetch(`${endpoint.replace(/\/+$/, "")}/v1/${signal}`, init);
        const text = await response.text();
        if (response.ok) return { outcome: "taken", rejected: readRejected(text) };
        return TRY_AGAIN.has(response.status)
          ? { outcome: "try_again" }
          : { outcome: "refused", status: response.status };
      } catch {
        return { outcome: "try_again" };
      }
    },
  };
}

function readRejected(text: string): number {
  try {
    const { partialSuccess } = partialSchema.parse(text === "" ? {} : JSON.parse(text));
    return (partialSuccess?.rejectedSpans ?? 0) + (partialSuccess?.rejectedDataPoints ?? 0);
  } catch {
    return 0;
  }
}

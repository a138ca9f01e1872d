// Where the Team object's telemetry goes, by the settings.
import type { TelemetryConfig } from "../config.ts";
import { createOtlpExporter, type OtlpExporter } from "./otlp-exporter.ts";

export function composeExport({ otlpEndpoint: endpoint, otlpHeaders: headers, console }: TelemetryConfig): {
  exporter: OtlpExporter | null;
  console: boolean;
} {
  const send = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);
  return { exporter: endpoint === "" ? null : createOtlpExporter({ endpoint, headers, fetch: send }), console };
}

// How many bytes an event has as a line of an export, where a shortened message stands whole.
import { exportOverhead } from "../../shared/archive/export-line.ts";
import type { EventJson } from "../events/event-store.ts";

const encoder = new TextEncoder();

export function exportBytesOf({ json, body }: EventJson): number {
  if (body === null) return encoder.encode(json).length + 1;
  return exportOverhead(json) + body.bytes + 1;
}

// How urgent a turn is among those of the same person that wait for a running slot.
import { z } from "zod";

/** From the least to the most urgent. */
export const PRIORITIES = ["low", "normal", "high"] as const;
export const prioritySchema = z.enum(PRIORITIES);
export type Priority = z.infer<typeof prioritySchema>;

/** Grows with urgency; a turn that says nothing is a normal one. */
export function rankOf(priority: Priority | undefined): number {
  return PRIORITIES.indexOf(priority ?? "normal") - PRIORITIES.indexOf("normal");
}

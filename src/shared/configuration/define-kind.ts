// What a kind of configuration item is: its value, its names, where it may stand, and which change of it widens.
import type { z } from "zod";
import type { ConfigurationScope } from "./place.ts";

export type KindDefinition<Value> = {
  schema: z.ZodType<Value>;
  /** Scopes that it may stand in; absent for all. */
  scopes?: readonly ConfigurationScope[];
  /** What is wrong with a name; null for nothing. */
  nameProblem(name: string): string | null;
  /** What is wrong with a value of this name beyond its schema; null for nothing. */
  valueProblem?(name: string, value: Value): string | null;
  /** What speaks against keeping it from now on; what is kept already goes on. Asked at a change alone: it may be slow. */
  changeProblem?(value: Value): string | null;
  /**
   * Whether the change lets a session do more than before. Such a change takes a person; null stands for no item.
   * Both values have passed the schema.
   */
  isWidening(before: Value | null, after: Value | null): boolean;
};

/** A kind whose value type is settled. */
export type Kind = {
  scopes: readonly ConfigurationScope[] | null;
  nameProblem(name: string): string | null;
  /** The value as it is kept, or what is wrong with it. */
  parse(name: string, value: unknown): { ok: true; value: unknown } | { ok: false; problem: string };
  /** Null for a value that may be kept; it has passed `parse`. */
  changeProblem(value: unknown): string | null;
  isWidening(before: unknown, after: unknown): boolean;
};

export function defineKind<Value>(definition: KindDefinition<Value>): Kind {
  const { schema, scopes, nameProblem, valueProblem } = definition;
  const orNull = (value: unknown): Value | null => (value === null ? null : schema.parse(value));
  return {
    scopes: scopes ?? null,
    nameProblem,
    parse(name, value) {
      const parsed = schema.safeParse(value);
      if (!parsed.success) return { ok: false, problem: explain(parsed.error) };
      const problem = valueProblem?.(name, parsed.data) ?? null;
      return problem === null ? { ok: true, value: parsed.data } : { ok: false, problem };
    },
    changeProblem: (value) => definition.changeProblem?.(schema.parse(value)) ?? null,
    isWidening: (before, after) => definition.isWidening(orNull(before), orNull(after)),
  };
}

/** A kind of which each place has one item, under the kind's own name. */
export function onlyName(only: string): (name: string) => string | null {
  return (name) => (name === only ? null : `The name must be ${only}.`);
}

function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "The value does not fit.";
  const path = issue.path.join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

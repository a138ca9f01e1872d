// Decides whether holding an answer against a schema ends soon: counts what it takes at most, before anything is run.
import type { Json } from "./output-schema-policy.ts";
import { countPatternSteps } from "./pattern-policy.ts";

/** Well below a second, in which the thread does nothing else. */
const MAX_STEPS = 30_000_000;
const STEPS_PER_LOOK = 100;

type Look = { schema: unknown; value: unknown };

/** False when it might not: a long text under a costly pattern, a long list of distinct items, too many schemas. */
export function isCheckedSoon(root: Json, answer: unknown): boolean {
  let left = MAX_STEPS;
  const looks: Look[] = [{ schema: root, value: answer }];
  for (let look = looks.pop(); look !== undefined; look = looks.pop()) {
    if (!isObject(look.schema)) continue;
    left -= stepsOf(look.schema, look.value);
    if (left < 0) return false;
    const next = [...sameValueLooks(look.schema, look.value, root), ...lowerLooks(look.schema, look.value)];
    left -= next.length * STEPS_PER_LOOK;
    if (left < 0) return false;
    for (const one of next) looks.push(one);
  }
  return true;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const keysOf = (value: unknown): string[] => (isObject(value) ? Object.keys(value) : []);

/** What this schema's own keywords take, those that hold no schema. */
function stepsOf(schema: Json, value: unknown): number {
  const choices = Array.isArray(schema["enum"]) ? schema["enum"].length : 0;
  const steps = STEPS_PER_LOOK + choices + keysOf(schema["properties"]).length;
  if (typeof value === "string") {
    const pattern = schema["pattern"];
    return steps + value.length + (typeof pattern === "string" ? countPatternSteps(pattern, value.length) : 0);
  }
  if (Array.isArray(value)) return steps + (schema["uniqueItems"] === true ? value.length ** 2 : 0);
  const names = keysOf(value);
  return keysOf(schema["patternProperties"]).reduce(
    (sum, pattern) => names.reduce((all, name) => all + STEPS_PER_LOOK + countPatternSteps(pattern, name.length), sum),
    steps,
  );
}

function sameValueLooks(schema: Json, value: unknown, root: Json): Look[] {
  const beside = ["not", "if", "then", "else"].map((keyword) => schema[keyword]);
  const listed = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => schema[keyword] ?? []);
  return [resolve(schema["$ref"], root), ...beside, ...listed].filter(isObject).map((one) => ({ schema: one, value }));
}

function lowerLooks(schema: Json, value: unknown): Look[] {
  if (Array.isArray(value)) {
    const each = [schema["items"], schema["contains"]].filter(isObject);
    return each.flatMap((one) => value.map((item: unknown) => ({ schema: one, value: item })));
  }
  if (!isObject(value)) return [];
  const { properties, patternProperties, additionalProperties, propertyNames } = schema;
  return Object.entries(value).flatMap(([name, inner]) => {
    const named = isObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [additionalProperties];
    const fitting = isObject(patternProperties) ? Object.values(patternProperties) : [];
    const below = [...named, ...fitting].filter(isObject).map((one): Look => ({ schema: one, value: inner }));
    return isObject(propertyNames) ? [...below, { schema: propertyNames, value: name }] : below;
  });
}

/** The schema at a place like #/$defs/name. */
function resolve(ref: unknown, root: Json): unknown {
  if (typeof ref !== "string") return undefined;
  const keys = ref.split("/").slice(1);
  return keys.reduce<unknown>(
    (found, key) => (found as Json | undefined)?.[key.replaceAll("~1", "/").replaceAll("~0", "~")],
    root,
  );
}

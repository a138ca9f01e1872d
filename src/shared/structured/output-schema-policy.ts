// Decides whether a value is a JSON Schema that Claude Code can hold an answer to (draft 7, strictly), and says what is wrong when not.
import { jsonBytes } from "../events/shorten.ts";
import { MAX_OUTPUT_SCHEMA_BYTES, MAX_OUTPUT_SCHEMA_DEPTH } from "../limits.ts";
import { isUsablePattern, PATTERN_RULE } from "./pattern-policy.ts";
import { findCostlyLoop } from "./schema-cost.ts";

export type Json = Record<string, unknown>;

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];

type Check = (value: unknown) => boolean;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isString: Check = (value) => typeof value === "string";
const isDistinct = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.length > 0 && new Set(value.map((item) => JSON.stringify(item))).size === value.length;
const isNames: Check = (value) =>
  Array.isArray(value) && (value.length === 0 || (isDistinct(value) && value.every(isString)));
const isType: Check = (value) => typeof value === "string" && TYPES.includes(value);

/** Keywords that hold no schema: what each has to be. */
const PLAIN: Record<string, { check: Check; must: string }> = {
  type: {
    check: (value) => isType(value) || (isDistinct(value) && value.every(isType)),
    must: `one of ${TYPES.join(", ")}, or a list of some, each once`,
  },
  enum: { check: isDistinct, must: "a list of values, each once" },
  required: { check: isNames, must: "a list of names, each once" },
  pattern: { check: isUsablePattern, must: PATTERN_RULE },
  multipleOf: { check: (value) => isNumber(value) && (value as number) > 0, must: "a number above 0" },
  uniqueItems: { check: (value) => typeof value === "boolean", must: "true or false" },
  $ref: {
    check: (value) => isString(value) && /^#(?:\/|$)/.test(value as string),
    must: "a place in the schema, as #/$defs/name",
  },
  ...all(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], { check: isNumber, must: "a number" }),
  ...all(["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"], {
    check: isCount,
    must: "a whole number from 0",
  }),
  ...all(["title", "description", "$comment", "$schema", "format"], { check: isString, must: "a text" }),
};

const ONE_SCHEMA = "items additionalProperties contains not if then else propertyNames".split(" ");
const SCHEMA_LISTS = ["allOf", "anyOf", "oneOf"];
const SCHEMA_MAPS = ["properties", "patternProperties", "$defs", "definitions"];

/** Say something to people, or are the value itself. */
const ANNOTATIONS = "const default examples deprecated readOnly writeOnly contentEncoding contentMediaType".split(" ");
/** What Claude Code does not know, or what would name other documents, is left out on purpose. */
const KNOWN = new Set([...Object.keys(PLAIN), ...ANNOTATIONS, ...ONE_SCHEMA, ...SCHEMA_LISTS, ...SCHEMA_MAPS]);

/** What is wrong with it, in our words and by its place; null when it is one. */
export function findSchemaProblem(schema: unknown): string | null {
  if (!isObject(schema)) return "must be an object that is a JSON Schema";
  if (jsonBytes(schema) > MAX_OUTPUT_SCHEMA_BYTES) return `may have at most ${MAX_OUTPUT_SCHEMA_BYTES} bytes as JSON`;
  if (schema["type"] !== "object") return 'must have "type": "object" at its top: an answer is an object';
  const places = new Map<string, Json | boolean>();
  const problem = walk(schema, "#", 0, places);
  if (problem !== null) return problem;
  for (const [place, found] of places) {
    const ref = isObject(found) ? found["$ref"] : undefined;
    if (typeof ref === "string" && !places.has(ref)) {
      return `${place}/$ref names no schema in it`;
    }
  }
  return findCostlyLoop(places);
}

/** Visits every schema in it and remembers its place. */
function walk(schema: unknown, place: string, depth: number, places: Map<string, Json | boolean>): string | null {
  if (typeof schema !== "boolean" && !isObject(schema)) return `${place} must be a schema: an object, true or false`;
  if (depth > MAX_OUTPUT_SCHEMA_DEPTH) return `may be nested at most ${MAX_OUTPUT_SCHEMA_DEPTH} deep`;
  places.set(place, schema);
  if (typeof schema === "boolean") return null;
  const unknown = Object.keys(schema).find((keyword) => !KNOWN.has(keyword));
  if (unknown !== undefined)
    return `${place} has the keyword ${JSON.stringify(unknown.slice(0, 60))}, which is not supported`;
  for (const [keyword, { check, must }] of Object.entries(PLAIN)) {
    if (keyword in schema && !check(schema[keyword])) return `${place}/${keyword} must be ${must}`;
  }
  for (const { key, value } of childrenOf(schema)) {
    const problem =
      value === MISSING ? `${place}/${key} must hold schemas` : walk(value, `${place}/${key}`, depth + 1, places);
    if (problem !== null) return problem;
  }
  return findContradiction(schema, place);
}

/** What Claude Code's own validator takes for a mistake. */
function findContradiction(schema: Json, place: string): string | null {
  const branches = ["then", "else"].some((keyword) => keyword in schema);
  if (branches !== "if" in schema) return `${place} needs "if" together with "then" or "else"`;
  if (!("patternProperties" in schema)) return null;
  // Whether a name fits a pattern too is not tried out here: it would be their patterns on their names.
  if ("properties" in schema) return `${place} may have either properties or patternProperties`;
  const areUsable = Object.keys(schema["patternProperties"] ?? {}).every(isUsablePattern);
  return areUsable ? null : `${place}/patternProperties must be named by ${PATTERN_RULE}`;
}

const MISSING = Symbol("not schemas");

/** The schemas in a schema, each under its place as a JSON pointer says it. */
function childrenOf(schema: Json): { key: string; value: unknown }[] {
  const given = (keyword: string) => keyword in schema;
  return [
    ...ONE_SCHEMA.filter(given).map((keyword) => ({ key: keyword, value: schema[keyword] })),
    ...SCHEMA_LISTS.filter(given).flatMap((keyword) => {
      const list = schema[keyword];
      if (!Array.isArray(list) || list.length === 0) return [{ key: keyword, value: MISSING }];
      return list.map((value: unknown, index) => ({ key: `${keyword}/${index}`, value }));
    }),
    ...SCHEMA_MAPS.filter(given).flatMap((keyword) => {
      const map = schema[keyword];
      if (!isObject(map)) return [{ key: keyword, value: MISSING }];
      return Object.entries(map).map(([name, value]) => ({ key: `${keyword}/${toPointer(name)}`, value }));
    }),
  ];
}

function toPointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function all(keywords: string[], rule: { check: Check; must: string }): Record<string, { check: Check; must: string }> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, rule]));
}

/** `format` says something to Claude and is checked by nobody, as the standard has it; `$schema` names the dialect alone. */
export function withoutFormats(schema: Json): Json {
  const { format: _format, $schema: _dialect, ...rest } = schema;
  const one = (value: unknown): unknown => (isObject(value) ? withoutFormats(value) : value);
  const entries = Object.entries(rest).map(([keyword, value]): [string, unknown] => {
    if (ONE_SCHEMA.includes(keyword)) return [keyword, one(value)];
    if (SCHEMA_LISTS.includes(keyword) && Array.isArray(value)) return [keyword, value.map(one)];
    if (!SCHEMA_MAPS.includes(keyword) || !isObject(value)) return [keyword, value];
    return [keyword, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, one(inner)]))];
  });
  return Object.fromEntries(entries);
}

// What an MCP server asks a person: the fields of its form, and whether an answer fits them.
import { z } from "zod";

const optionSchema = z.object({ const: z.string(), title: z.string().optional() });
const propertySchema = z.looseObject({
  type: z.enum(["string", "number", "integer", "boolean", "array"]).catch("string"),
  title: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
  enumNames: z.array(z.string()).optional(),
  oneOf: z.array(optionSchema).optional(),
  items: z.looseObject({ enum: z.array(z.string()).optional(), anyOf: z.array(optionSchema).optional() }).optional(),
  default: z.unknown().optional(),
});

const askedSchema = z.looseObject({
  message: z.string().catch(""),
  mode: z.enum(["form", "url"]).catch("form"),
  url: z.string().optional(),
  requested_schema: z
    .looseObject({
      properties: z.record(z.string(), propertySchema).catch({}),
      required: z.array(z.string()).catch([]),
    })
    .optional(),
});

export type FormField = {
  name: string;
  label: string;
  description: string | null;
  kind: "text" | "number" | "integer" | "yes_no" | "choice" | "choices";
  options: { value: string; label: string }[];
  isRequired: boolean;
};

export type ElicitationForm = { message: string; url: string | null; fields: FormField[] };

export function readElicitation(input: unknown): ElicitationForm {
  const asked = askedSchema.parse(typeof input === "object" && input !== null ? input : {});
  const { properties = {}, required = [] } = asked.requested_schema ?? {};
  const fields = Object.entries(properties).map(([name, property]) => toField(name, property, required.includes(name)));
  return { message: asked.message, url: asked.mode === "url" ? (asked.url ?? null) : null, fields };
}

function toField(name: string, property: z.infer<typeof propertySchema>, isRequired: boolean): FormField {
  const titled = property.oneOf ?? property.items?.anyOf;
  const values = property.enum ?? property.items?.enum ?? [];
  const options =
    titled?.map((option) => ({ value: option.const, label: option.title ?? option.const })) ??
    values.map((value, index) => ({ value, label: property.enumNames?.[index] ?? value }));
  const label = property.title ?? name;
  return {
    name,
    label,
    description: property.description ?? null,
    kind: kindOf(property, options),
    options,
    isRequired,
  };
}

function kindOf({ type }: z.infer<typeof propertySchema>, options: unknown[]): FormField["kind"] {
  if (type === "array") return "choices";
  if (options.length > 0) return "choice";
  if (type === "boolean") return "yes_no";
  return type === "string" ? "text" : type;
}

export type ElicitationAnswer = { ok: true; content: Record<string, unknown> } | { ok: false; reason: string };

/** Takes texts as a form sends them, and values of their own kind as programs do. Fields that were not asked are refused. */
export function readElicitationAnswer(input: unknown, content: Record<string, unknown>): ElicitationAnswer {
  const { fields } = readElicitation(input);
  const unknown = Object.keys(content).find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) return { ok: false, reason: "The answer has a field that was not asked for." };
  const taken: Record<string, unknown> = {};
  for (const field of fields) {
    const value = readValue(field, content[field.name]);
    if (value === WRONG)
      return { ok: false, reason: `${JSON.stringify(field.label)} is not of the kind that is asked for.` };
    if (value !== undefined) taken[field.name] = value;
    else if (field.isRequired) return { ok: false, reason: `${JSON.stringify(field.label)} needs an answer.` };
  }
  return { ok: true, content: taken };
}

const WRONG = Symbol("wrong");

function readValue(field: FormField, value: unknown): unknown {
  if (value === undefined || value === null || value === "") return readNothing(field);
  switch (field.kind) {
    case "text":
      return typeof value === "string" && value.length <= 8000 ? value : WRONG;
    case "choice":
      return field.options.some((option) => option.value === value) ? value : WRONG;
    case "choices":
      return readChoices(field, Array.isArray(value) ? value : [value]);
    case "yes_no":
      return readYesNo(value);
    case "number":
    case "integer":
      return readNumber(value, field.kind === "integer");
  }
}

/** A box that nobody ticked is not sent along. */
function readNothing({ kind, isRequired }: FormField): unknown {
  return kind === "yes_no" && isRequired ? false : undefined;
}

function readChoices({ options }: FormField, values: unknown[]): unknown {
  return values.every((value) => options.some((option) => option.value === value)) ? values : WRONG;
}

function readYesNo(value: unknown): unknown {
  if (typeof value === "boolean") return value;
  return value === "true" || value === "false" ? value === "true" : WRONG;
}

function readNumber(value: unknown, isWhole: boolean): unknown {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return WRONG;
  return isWhole && !Number.isInteger(number) ? WRONG : number;
}

// The fields of a question: Claude's own, with its options, or those of an MCP server's form.
import type { FC } from "hono/jsx";
import { z } from "zod";
import { type FormField, readElicitation } from "../../../shared/permissions/elicitation-form.ts";
import { textField } from "../../auth/form-field.ts";
import { makeVisible } from "./visible-text.ts";

const askedSchema = z.object({
  questions: z.array(
    z.object({
      question: z.string(),
      header: z.string().catch(""),
      multiSelect: z.boolean().catch(false),
      options: z
        .array(z.object({ label: z.string(), description: z.string().catch(""), preview: z.string().optional() }))
        .catch([]),
    }),
  ),
});
type Question = z.infer<typeof askedSchema>["questions"][number];

/** Null for an input that is not of the known form: it can be declined, and not answered. */
export function readQuestions(input: unknown): Question[] | null {
  const parsed = askedSchema.safeParse(input);
  return parsed.success ? parsed.data.questions : null;
}

/** An option by its number: texts of Claude's own do not have to travel through the form. */
const optionName = (question: number): string => `option_${question}`;
const otherName = (question: number): string => `other_${question}`;
const fieldName = (name: string): string => `field_${name}`;

export const QuestionFields: FC<{ questions: readonly Question[] }> = ({ questions }) => (
  <>
    {questions.map(({ question, header, multiSelect, options }, index) => (
      <fieldset>
        <legend>{makeVisible(header === "" ? `Question ${index + 1}` : header)}</legend>
        <p class="question">{makeVisible(question)}</p>
        {options.map(({ label, description, preview }, option) => (
          <label class="option">
            <input type={multiSelect ? "checkbox" : "radio"} name={optionName(index)} value={String(option)} />
            <span>
              <b>{makeVisible(label)}</b> {makeVisible(description)}
              {preview !== undefined && <pre>{makeVisible(preview)}</pre>}
            </span>
          </label>
        ))}
        <label class="text">
          {options.length === 0 ? "Your answer" : "Or in your own words"}
          <input name={otherName(index)} maxlength={4000} autocomplete="off" />
        </label>
      </fieldset>
    ))}
  </>
);

/** What was chosen, by the question's text; several joined with commas, as Claude Code has them. */
export function readQuestionForm(questions: readonly Question[], form: FormData): Record<string, string> {
  const answers = questions.map(({ question, options }, index) => {
    const chosen = form.getAll(optionName(index)).flatMap((value) => options[Number(value)]?.label ?? []);
    const other = textField(form, otherName(index)).trim();
    return [question, [...chosen, ...(other === "" ? [] : [other])].join(", ")] as const;
  });
  return Object.fromEntries(answers);
}

export const ElicitationFields: FC<{ input: unknown }> = ({ input }) => {
  const { url, fields } = readElicitation(input);
  return (
    <>
      <p class="warning">The server gets what you enter, and so may Claude. Enter no password and no key.</p>
      {url !== null && (
        <figure class="block strong">
          <figcaption>It wants you to open this address, in your own browser</figcaption>
          <pre>{makeVisible(url)}</pre>
        </figure>
      )}
      {fields.map((field) => (
        <ElicitedField field={field} />
      ))}
    </>
  );
};

const ElicitedField: FC<{ field: FormField }> = ({ field }) => (
  <label class="text">
    {makeVisible(field.label)}
    {field.isRequired || field.kind === "yes_no" ? "" : " (may stay empty)"}
    <FieldInput field={field} />
    {field.description !== null && <small>{makeVisible(field.description)}</small>}
  </label>
);

const FieldInput: FC<{ field: FormField }> = ({ field: { name, kind, options } }) => {
  if (kind === "choice" || kind === "choices") {
    return (
      <select name={fieldName(name)} multiple={kind === "choices"}>
        {kind === "choice" && <option value="">—</option>}
        {options.map(({ value, label }) => (
          <option value={value}>{makeVisible(label)}</option>
        ))}
      </select>
    );
  }
  if (kind === "yes_no") return <input type="checkbox" name={fieldName(name)} value="true" />;
  const isNumber = kind === "number" || kind === "integer";
  return <input name={fieldName(name)} inputmode={isNumber ? "decimal" : "text"} autocomplete="off" />;
};

export function readElicitationForm(input: unknown, form: FormData): Record<string, unknown> {
  const entries = readElicitation(input).fields.map(({ name, kind }) => {
    const values = form.getAll(fieldName(name)).map(String);
    return [name, kind === "choices" ? values : values[0]] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value.length > 0));
}

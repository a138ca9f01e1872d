// Reads the fields of a form that a page of ours sent.

/** What a form's field says; nothing for one that is missing or a file. */
export function textField(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

// Makes characters visible that would hide or reorder what a person is asked about.

/** Line breaks and tabs are layout; other control, format, private and unassigned characters say nothing to the eye. */
const UNSEEN =
  /[^\P{C}\n\t]|[\u2028\u2029\u115F\u1160\u3164\uFFA0\uFE00-\uFE0F]|\u{E0100}|[\u00A0\u2000-\u200A\u202F\u205F\u3000]/gu;

export function makeVisible(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(UNSEEN, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${code}⟩`;
  });
}

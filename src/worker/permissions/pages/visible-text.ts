// Makes characters visible that would hide or reorder what a person is asked about.

/** Control, format, private and unassigned characters but line breaks and tabs; what is drawn as nothing; foreign spaces. */
const UNSEEN = /[^\P{C}\n\t]|\p{DI}|[^\P{Z} ]/gu;

export function makeVisible(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(UNSEEN, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${code}⟩`;
  });
}

// The figures of the chaos table. All of them are zero when nothing is wrong.

export const COUNTS = {
  lost: "events lost",
  repeated: "events repeated",
  doubled: "prompts not once",
  turns: "turns not ended once",
  refused: "next prompt not taken",
  numbers: "numbers wrong",
  answers: "answers differ",
} as const;
export type CountName = keyof typeof COUNTS;
export type Counts = Record<CountName, number>;

export const COUNT_NAMES = Object.keys(COUNTS) as CountName[];

/** One thing that is wrong. */
export type Finding = { count: CountName; why: string };

export function countFindings(findings: readonly Finding[]): Counts {
  const counts = Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as Counts;
  for (const { count } of findings) counts[count] += 1;
  return counts;
}

// What a benchmark has started and must not leave behind, however it ends.

type Part = { stop(): Promise<void> };

const running = new Set<Part>();

/** Hands the started part to the work and stops it afterwards. */
export async function using<P extends Part, Result>(
  starting: Promise<P>,
  work: (part: P) => Promise<Result>,
): Promise<Result> {
  const part = await starting;
  running.add(part);
  try {
    return await work(part);
  } finally {
    running.delete(part);
    await part.stop();
  }
}

/** For Ctrl-C: the work is not waited for. */
export async function stopRunning(): Promise<void> {
  await Promise.allSettled([...running].map((part) => part.stop()));
}

// Percentiles and rates of measured samples.

export type Summary = { count: number; p50: number; p90: number; p99: number; min: number; max: number };

/** By nearest rank: every figure is a sample that was seen. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("There is no percentile of no samples.");
  return value;
}

export function summarize(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    p50: percentile(samples, 0.5),
    p90: percentile(samples, 0.9),
    p99: percentile(samples, 0.99),
    min: Math.min(...samples),
    max: Math.max(...samples),
  };
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

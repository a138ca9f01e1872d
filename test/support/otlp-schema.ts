// The shape of OTLP's JSON encoding, strict: a field that the protocol does not have is refused.
import { z } from "zod";

const nanos = z.string().regex(/^[1-9]\d{15,19}$/);
const attributes = z.array(
  z.strictObject({
    key: z.string().min(1),
    value: z.union([
      z.strictObject({ stringValue: z.string() }),
      z.strictObject({ boolValue: z.boolean() }),
      z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
      z.strictObject({ doubleValue: z.number() }),
    ]) as z.ZodType<Record<string, unknown>>,
  }),
);
const resource = z.strictObject({ attributes });
const scope = z.strictObject({ name: z.string(), version: z.string() });

export const otlpTracesSchema = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource,
      scopeSpans: z.array(
        z.strictObject({
          scope,
          spans: z.array(
            z.strictObject({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z
                .string()
                .regex(/^[0-9a-f]{16}$/)
                .optional(),
              name: z.string().min(1),
              kind: z.int().min(1).max(5),
              startTimeUnixNano: nanos,
              endTimeUnixNano: nanos,
              attributes,
              status: z.strictObject({ code: z.int().min(0).max(2).optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
});
export type TracesRequest = z.infer<typeof otlpTracesSchema>;

const times = { attributes, startTimeUnixNano: nanos, timeUnixNano: nanos };
const numbers = z.array(z.strictObject({ ...times, asDouble: z.number() }));
const count = z.string().regex(/^\d+$/);
const distribution = z
  .strictObject({ ...times, count, sum: z.number(), bucketCounts: z.array(count), explicitBounds: z.array(z.number()) })
  .refine(({ bucketCounts, explicitBounds }) => bucketCounts.length === explicitBounds.length + 1)
  .refine(({ bucketCounts, count: all }) => bucketCounts.reduce((sum, one) => sum + Number(one), 0) === Number(all));
const head = { name: z.string().min(1), unit: z.string(), description: z.string() };
const temporality = z.literal(2);
const metric = z.union([
  z.strictObject({
    ...head,
    sum: z.strictObject({ aggregationTemporality: temporality, isMonotonic: z.literal(true), dataPoints: numbers }),
  }),
  z.strictObject({ ...head, gauge: z.strictObject({ dataPoints: numbers }) }),
  z.strictObject({
    ...head,
    histogram: z.strictObject({ aggregationTemporality: temporality, dataPoints: z.array(distribution) }),
  }),
]);

export const otlpMetricsSchema = z.strictObject({
  resourceMetrics: z.array(
    z.strictObject({ resource, scopeMetrics: z.array(z.strictObject({ scope, metrics: z.array(metric) })) }),
  ),
});
export type MetricsRequest = z.infer<typeof otlpMetricsSchema>;

// Decides whether checking one value against a schema ends soon: no schema may lead to itself without going deeper.

type Place = Record<string, unknown> | boolean;

/** So many schemas may look at one and the same value. */
const MAX_COST = 1000;

/** What is wrong, in words; null when every value is looked at a bounded number of times. */
export function findCostlyLoop(places: ReadonlyMap<string, Place>): string | null {
  const costs = new Map<string, number>();
  const underWay = new Set<string>();

  const costOf = (place: string): number => {
    const known = costs.get(place);
    if (known !== undefined) return known;
    if (underWay.has(place)) return Infinity;
    underWay.add(place);
    const cost = sameValuePlaces(place, places).reduce((sum, next) => sum + costOf(next), 1);
    underWay.delete(place);
    costs.set(place, cost);
    return cost;
  };

  for (const place of places.keys()) {
    const cost = costOf(place);
    if (cost === Infinity) return `${place} leads back to itself for the same value`;
    if (cost > MAX_COST) return `${place} combines more than ${MAX_COST} schemas for the same value`;
  }
  return null;
}

/** The schemas that look at the same value as this one does. */
function sameValuePlaces(place: string, places: ReadonlyMap<string, Place>): string[] {
  const schema = places.get(place);
  if (typeof schema !== "object") return [];
  const ref = typeof schema["$ref"] === "string" ? [schema["$ref"]] : [];
  const beside = ["not", "if", "then", "else"].filter((keyword) => keyword in schema);
  const listed = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => {
    const list = schema[keyword];
    return Array.isArray(list) ? list.map((_, index) => `${keyword}/${index}`) : [];
  });
  return [...ref, ...[...beside, ...listed].map((key) => `${place}/${key}`)];
}

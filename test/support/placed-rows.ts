// A row in every D1 table whose rows stand at a scope, whatever its other columns: a table that comes later is among them.

type PlacedRows = {
  /** The tables that got a row. */
  seed(place: { team_id: string; scope: string; scope_id: string }): Promise<string[]>;
  /** Of those, the ones that still have it. */
  left(scopeId: string): Promise<string[]>;
};

type Column = { name: string; type: string };

export function createPlacedRows(database: D1Database): PlacedRows {
  async function list(): Promise<Map<string, Column[]>> {
    const tables = await database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%scope_id%'")
      .all<{ name: string }>();
    const columns = await Promise.all(
      tables.results.map(async ({ name }) => {
        const { results } = await database.prepare(`SELECT name, type FROM pragma_table_info('${name}')`).all<Column>();
        return [name, results] as const;
      }),
    );
    return new Map(columns);
  }
  return {
    async seed(place) {
      const tables = await list();
      for (const [table, columns] of tables) {
        const values = columns.map(({ name, type }) => {
          if (name in place) return place[name as keyof typeof place];
          return /int/i.test(type) ? 1 : `${table} ${place.scope_id}`;
        });
        const marks = values.map(() => "?").join(", ");
        await database
          .prepare(`INSERT INTO ${table} VALUES (${marks})`)
          .bind(...values)
          .run();
      }
      return [...tables.keys()];
    },
    async left(scopeId) {
      const tables = await list();
      const found = await Promise.all(
        [...tables.keys()].map(async (table) => {
          const row = await database.prepare(`SELECT 1 FROM ${table} WHERE scope_id = ?`).bind(scopeId).first();
          return row === null ? [] : [table];
        }),
      );
      return found.flat();
    },
  };
}

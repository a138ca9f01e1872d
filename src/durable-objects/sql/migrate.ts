// Numbered migrations inside an object's own SQLite. Each runs once, in order, together with its number.

/** The slice of a Durable Object's storage that stores work on. */
export type ObjectSql = Pick<SqlStorage, "exec">;
export type ObjectStorage = Pick<DurableObjectStorage, "transactionSync"> & { readonly sql: ObjectSql };

const VERSION_TABLE = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)";

/** Brings the object's tables to the newest version; each entry of `migrations` is one version's SQL. */
export function migrate(storage: ObjectStorage, migrations: readonly string[]): void {
  storage.transactionSync(() => {
    storage.sql.exec(VERSION_TABLE);
    const current = readVersion(storage.sql);
    for (const statements of migrations.slice(current)) storage.sql.exec(statements);
    if (current === migrations.length) return;
    storage.sql.exec("DELETE FROM schema_version");
    storage.sql.exec("INSERT INTO schema_version (version) VALUES (?)", migrations.length);
  });
}

/** True when the object has ever stored anything. Asking leaves no trace, so that guessed ids make no objects. */
export function isCreated(sql: ObjectSql): boolean {
  return sql.exec("SELECT name FROM sqlite_master WHERE name = 'schema_version'").toArray().length > 0;
}

function readVersion(sql: ObjectSql): number {
  const [row] = sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray();
  return row?.version ?? 0;
}

// The audit log from the calls of real clients and pages to its rows in D1, and what becomes of it when somebody changes those.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createAuditLedger } from "../../src/durable-objects/audit/audit-ledger.ts";
import { sha256HexOf } from "../../src/durable-objects/sha256.ts";
import { AUDIT_COLUMNS, type AuditFact, type AuditRow } from "../../src/shared/audit/entry.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { createAuditService } from "../../src/worker/audit/audit-service.ts";
import { createAuditReader } from "../../src/worker/audit/audit-store.ts";
import { queryAuditLog } from "../../src/worker/audit/tools/query-audit-log.ts";
import type { ToolContext } from "../../src/worker/mcp/tool-context.ts";
import { askPerson, localPerson, openPage, otherPerson, sendForm, signInBrowser } from "./consent-fixture.ts";
import {
  answerConsent,
  callModern,
  openConsent,
  readRpc,
  register,
  send,
  signIn,
  structuredOf,
} from "./oauth-client.ts";
import { newId } from "./session-fixture.ts";

const team = (id: string) => env.TEAM.getByName(id);
const audit = createAuditService({
  reader: createAuditReader(env.DB),
  team,
  sha256Hex: sha256HexOf,
  publicUrl: "http://localhost:8787",
});
const owner = (team_id: string): Principal => ({ user_id: newId(), team_id, role: "owner" });
const fact = (wish: Partial<AuditFact> = {}): AuditFact => ({
  entry_id: newId(),
  at: new Date().toISOString(),
  user_id: newId(),
  client_id: "client",
  action: "tool.create_project",
  target_kind: "project",
  target_id: "shop",
  outcome: "done",
  decided_by: "owner",
  details: { project: "shop" },
  ...wish,
});
const rowsOf = async (teamId: string): Promise<AuditRow[]> =>
  (await env.DB.prepare("SELECT * FROM audit_log WHERE team_id = ? ORDER BY seq").bind(teamId).all<AuditRow>()).results;

/** A ledger of its own over the Team object's storage, whose clock can be set. */
const partsOf = ({ storage }: DurableObjectState, teamId: string, nowMs = Date.now) => ({
  storage,
  database: env.DB,
  teamId: () => teamId,
  sha256Hex: sha256HexOf,
  nowMs,
  dueAt: () => {},
  onError: () => {},
});

describe("the audit log of what clients and people do", () => {
  let me: Principal;
  let token = "";
  let client = "";
  beforeAll(async () => {
    me = await localPerson();
    const tokens = await signIn("sessions:read sessions:write projects:read projects:write".split(" "));
    [token, client] = [tokens.access_token, tokens.client_id];
  });
  const call = async (name: string, args: object) =>
    readRpc(await callModern(token, "tools/call", { name, arguments: args }, { query: "?toolsets=all" }));
  const find = async (filters: Parameters<typeof audit.query>[1]) =>
    (await audit.query(me, filters, { before: null, limit: 50 })).entries;

  it("has a call with person, client, target and outcome, also when it was refused [audit.recorded]", async () => {
    await call("create_project", { name: "audited" });
    await call("create_project", { name: "audited" });
    await call("list_projects", {});
    const found = await find({ client_id: client, action: "tool.*" });
    expect(found).toMatchObject([
      { action: "tool.create_project", target_id: "audited", outcome: "project_name_taken" },
      {
        action: "tool.create_project",
        target_id: "audited",
        outcome: "done",
        user_id: me.user_id,
        user: "Local developer",
      },
    ]);
    expect(found[1]).toMatchObject({ client_id: client, decided_by: "owner" });
  });

  it("has sign-ins, and those that were refused, of clients and browsers [audit.recorded]", async () => {
    await signInBrowser();
    const clientId = await register();
    await answerConsent(await openConsent(clientId), { code: "WRONG-CODE" });
    expect(await find({ action: "sign_in.refused", target_id: clientId })).toMatchObject([
      { user_id: null, outcome: "wrong_code", decided_by: "sign_in_code" },
    ]);
    await answerConsent(await openConsent(clientId));
    expect(await find({ action: "sign_in.accepted", target_id: clientId })).toMatchObject([
      { user_id: me.user_id, details: expect.stringContaining("sessions:read") },
    ]);
    expect((await find({ action: "sign_in.accepted", client_id: "browser" })).length).toBeGreaterThan(0);
  });

  it("has what a person answered to a permission request, and in which way [audit.recorded]", async () => {
    const cookie = await signInBrowser();
    const { session_id, request_id, path } = await askPerson(me);
    const page = await openPage(path, cookie);
    const form = { form_token: page.formToken, decision: "deny", message: "not the secret plan" };
    expect((await sendForm(path, form, { cookie })).status).toBe(303);
    await runDurableObjectAlarm(env.SESSION.getByName(session_id));
    await expect
      .poll(() => find({ target_id: request_id }))
      .toMatchObject([
        {
          action: "permission.settle",
          user_id: me.user_id,
          client_id: "browser",
          decided_by: "page",
          details: expect.stringContaining('"behavior":"deny"'),
        },
      ]);
    expect(JSON.stringify(await rowsOf(me.team_id))).not.toMatch(/secret plan|npm test|Tidy up/);
  });

  it("has the files that were fetched [audit.recorded] [audit.export]", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const { url } = structuredOf(await call("export_audit_log", { from: today, to: today })) as { url: string };
    const response = await send(url.slice(url.indexOf("/mcp")), { headers: { authorization: `Bearer ${token}` } });
    const exported = await response.json<AuditRow[]>();
    expect(exported).toEqual((await rowsOf(me.team_id)).slice(0, exported.length));
    expect(exported.length).toBeGreaterThan(3);
    expect(await find({ action: "export.download", target_id: undefined })).toMatchObject([
      { target_kind: "audit_log", client_id: client, outcome: "done" },
    ]);
    const csv = await new Response(audit.stream(me, { from: today, to: today }, "csv")).text();
    expect(csv.split("\r\n")[0]).toMatch(/^team_id,seq,entry_id,at,user_id,/);
    expect(csv.split("\r\n").length).toBeGreaterThan(exported.length);
  });

  it("is intact after all this, and its tools say so [audit.verify]", async () => {
    const verified = structuredOf(await call("verify_audit_log", {}));
    expect(verified).toMatchObject({ intact: true, on_the_way: 0, problem: null, next_from_seq: null });
    const asked = { action: "tool.create_project", outcome: "done", limit: 1 };
    const queried = structuredOf(await call("query_audit_log", asked)) as { entries: object[] };
    expect(queried.entries).toMatchObject([{ target_id: "audited", details: { name: "audited" } }]);
  });

  it("is shown to no member, and to owners of their own team alone [audit.visibility]", async () => {
    const { principal: member } = await otherPerson(me);
    const page = { before: null, limit: 10 };
    await expect(audit.query(member, {}, page)).rejects.toMatchObject({ code: "role_not_allowed" });
    await expect(audit.verify(member, 1)).rejects.toMatchObject({ code: "role_not_allowed" });
    const time = { from: "2026-01-01", to: "2027-01-01" };
    expect(() => audit.locate(member, time, "csv")).toThrow("owner");
    expect(() => audit.stream(member, time, "csv")).toThrow("owner");
    const stranger = owner(newId());
    expect(await audit.query(stranger, {}, page)).toEqual({ entries: [], next_before_seq: null });
    expect(await new Response(audit.stream(stranger, time, "json")).json()).toEqual([]);
    expect(await audit.verify(stranger, 1)).toMatchObject({ intact: true, head_seq: 0 });
  });
});

describe("an owner's question", () => {
  it("takes filters together, and goes on page by page [audit.query]", async () => {
    const me = owner(newId());
    const [ann, ben] = [newId(), newId()];
    const at = (hour: number) => `2026-11-21T${String(hour).padStart(2, "0")}:00:00.000Z`;
    const facts = Array.from({ length: 6 }, (_, hour) =>
      fact({ at: at(hour), user_id: hour % 2 ? ann : ben, target_id: `p${hour % 3}`, client_id: `c${hour % 2}` }),
    );
    await team(me.team_id).appendAudit(me.team_id, [...facts, fact({ action: "proposal.confirm", at: at(6) })]);
    const ask = async (filters: object, before: number | null = null, limit = 50) => {
      const page = await audit.query(me, filters, { before, limit });
      return { seqs: page.entries.map(({ seq }) => seq), next: page.next_before_seq };
    };
    expect(await ask({ user_id: ann, from: at(1), to: at(5) })).toEqual({ seqs: [4, 2], next: null });
    expect(await ask({ action: "tool.*", target_id: "p0" })).toEqual({ seqs: [4, 1], next: null });
    expect(await ask({ action: "proposal.confirm" })).toEqual({ seqs: [7], next: null });
    expect(await ask({ client_id: "c0", outcome: "done" })).toEqual({ seqs: [5, 3, 1], next: null });
    expect(await ask({ outcome: "unknown" })).toEqual({ seqs: [], next: null });
    expect(await ask({}, null, 4)).toEqual({ seqs: [7, 6, 5, 4], next: 4 });
    expect(await ask({}, 4, 4)).toEqual({ seqs: [3, 2, 1], next: null });
  });
});

describe("times at their edges", () => {
  const at = ["2026-11-21T01:59:59.999Z", "2026-11-21T02:00:00.000Z", "2026-11-21T23:59:59.999Z"];

  it("are the same instant in whatever form, for a question [audit.query]", async () => {
    const me = owner(newId());
    await team(me.team_id).appendAudit(
      me.team_id,
      at.map((one) => fact({ at: one })),
    );
    const ask = async (filters: object) => {
      const context = { principal: me, services: { audit } } as unknown as ToolContext;
      const { structured } = await queryAuditLog.call(filters, context);
      return (structured["entries"] as { seq: number }[]).map(({ seq }) => seq);
    };
    for (const instant of ["02:00:00Z", "02:00:00.000Z", "02:00:00.000000Z", "03:00:00+01:00", "00:30:00-01:30"]) {
      expect(await ask({ from: `2026-11-21T${instant}` }), instant).toEqual([3, 2]);
      expect(await ask({ to: `2026-11-21T${instant}` }), instant).toEqual([1]);
    }
    await expect(ask({ to: "9999-12-31T23:00:00-23:00" })).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(ask({ from: "yesterday" })).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("are whole days, up to the last one that there is, for a file [audit.export]", async () => {
    const me = owner(newId());
    await team(me.team_id).appendAudit(
      me.team_id,
      [...at, "9999-12-31T23:59:59.999Z"].map((one) => fact({ at: one })),
    );
    await audit.query(me, {}, { before: null, limit: 1 });
    const seqsOf = async (from: string, to: string) => {
      const rows = await new Response(audit.stream(me, { from, to }, "json")).json<AuditRow[]>();
      return rows.map(({ seq }) => seq);
    };
    expect(await seqsOf("2026-11-21", "2026-11-21")).toEqual([1, 2, 3]);
    expect(await seqsOf("2026-11-21", "9999-12-31")).toEqual([1, 2, 3, 4]);
    expect(await seqsOf("2026-11-22", "9999-12-30")).toEqual([]);
    expect(await seqsOf("0000-01-01", "2026-11-20")).toEqual([]);
    const backwards = { from: "2026-11-21", to: "2026-11-20" };
    expect(() => audit.locate(me, backwards, "csv")).toThrow("`from` is after `to`");
    expect(() => audit.stream(me, backwards, "csv")).toThrow("`from` is after `to`");
  });
});

describe("the Team object's chain", () => {
  it("gives every entry one place, however many come at once or again [audit.chain]", async () => {
    const me = owner(newId());
    const facts = Array.from({ length: 40 }, (_, n) => fact({ details: { n, text: 'a "quote", ü, 👍' } }));
    await Promise.all(facts.map((one) => team(me.team_id).appendAudit(me.team_id, [one])));
    await team(me.team_id).appendAudit(me.team_id, facts.slice(0, 5));
    expect(await audit.verify(me, 1)).toMatchObject({ intact: true, checked: 40, head_seq: 40, on_the_way: 0 });
    const rows = await rowsOf(me.team_id);
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
    expect(new Set(rows.map(({ entry_id }) => entry_id))).toEqual(new Set(facts.map(({ entry_id }) => entry_id)));
  });

  it("gives places one after the other, however long a hash takes [audit.chain]", async () => {
    const teamId = newId();
    await runInDurableObject(team(teamId), async (_object, state) => {
      let waits = 20;
      const ledger = createAuditLedger({
        ...partsOf(state, teamId),
        async sha256Hex(text) {
          await new Promise((resolve) => setTimeout(resolve, (waits -= 2)));
          return sha256HexOf(text);
        },
      });
      await Promise.all(Array.from({ length: 10 }, () => ledger.append([fact()])));
      await ledger.work();
    });
    expect(await audit.verify(owner(teamId), 1)).toMatchObject({ intact: true, checked: 10 });
  });

  it("is kept while D1 is down, over a restart, and delivered in order when it is back [audit.outage]", async () => {
    const teamId = newId();
    const facts = Array.from({ length: 120 }, () => fact());
    await runInDurableObject(team(teamId), async (_object, state) => {
      let isDown = true;
      const errors: unknown[] = [];
      const due: number[] = [];
      const down = () => Promise.reject(new Error("D1 is down"));
      const database = {
        prepare: (sql: string) => (isDown ? { bind: () => ({ run: down }) } : env.DB.prepare(sql)),
      } as unknown as D1Database;
      const open = () =>
        createAuditLedger({
          ...partsOf(state, teamId, () => 1_000_000),
          database,
          dueAt: (atMs) => due.push(atMs),
          onError: (error) => errors.push(error),
        });
      await open().append(facts);
      await open().work();
      expect(errors).toHaveLength(1);
      // It tries again by itself, and has lost nothing meanwhile.
      expect(due.at(-1)).toBe(1_010_000);
      expect(await rowsOf(teamId)).toEqual([]);
      expect((await open().marks()).head.seq).toBe(120);
      isDown = false;
      await open().work();
      expect((await open().marks()).delivered.seq).toBe(120);
    });
    expect((await rowsOf(teamId)).map(({ entry_id }) => entry_id)).toEqual(facts.map(({ entry_id }) => entry_id));
  });

  it("has the object's alarm deliver, also after the object was away [audit.outage]", async () => {
    const teamId = newId();
    await team(teamId).appendAudit(teamId, [fact()]);
    await evictDurableObject(team(teamId));
    await runDurableObjectAlarm(team(teamId));
    await expect.poll(async () => (await rowsOf(teamId)).length).toBe(1);
  });

  it("repeats a delivery that was cut off without a second row [audit.outage]", async () => {
    const teamId = newId();
    await runInDurableObject(team(teamId), async (_object, state) => {
      const parts = partsOf(state, teamId);
      await createAuditLedger(parts).append([fact(), fact()]);
      const outbox = state.storage.sql.exec("SELECT * FROM audit_outbox").toArray();
      await createAuditLedger(parts).work();
      for (const { seq, entry } of outbox) state.storage.sql.exec("INSERT INTO audit_outbox VALUES (?, ?)", seq, entry);
      await createAuditLedger(parts).work();
    });
    expect((await rowsOf(teamId)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await audit.verify(owner(teamId), 1)).toMatchObject({ intact: true, checked: 2 });
  });

  it("says that the outcome is unknown of what nobody ended, and takes it when it is told later [audit.closed]", async () => {
    const teamId = newId();
    const [ended, open] = [fact(), fact({ target_id: "cut off" })];
    await runInDurableObject(team(teamId), async (_object, state) => {
      const time = { now: 1_000_000 };
      const ledger = createAuditLedger(partsOf(state, teamId, () => time.now));
      ledger.announce(ended);
      ledger.announce(open);
      await ledger.append([ended]);
      await ledger.work();
      expect((await ledger.marks()).head.seq).toBe(1);
      time.now += 5 * 60_000;
      await ledger.work();
      await ledger.append([{ ...open, outcome: "done" }]);
      await ledger.work();
    });
    expect(await rowsOf(teamId)).toMatchObject([
      { entry_id: ended.entry_id, outcome: "done" },
      { entry_id: open.entry_id, outcome: "unknown", target_id: "cut off" },
      { entry_id: open.entry_id, outcome: "done" },
    ]);
  });

  it("does not wait for the end of what had one before its announcement came [audit.closed]", async () => {
    const teamId = newId();
    await runInDurableObject(team(teamId), async (_object, state) => {
      const time = { now: 1_000_000 };
      const ledger = createAuditLedger(partsOf(state, teamId, () => time.now));
      const refused = fact({ outcome: "audit_unavailable" });
      await ledger.append([refused]);
      ledger.announce({ ...refused, outcome: "unknown" });
      time.now += 5 * 60_000;
      await ledger.work();
    });
    expect(await rowsOf(teamId)).toMatchObject([{ outcome: "audit_unavailable" }]);
  });
});

describe("rows that somebody changes in D1", () => {
  const without = async (trigger: "update" | "delete", sql: string, ...bindings: unknown[]) => {
    const [row] = (
      await env.DB.prepare("SELECT sql FROM sqlite_master WHERE name = ?")
        .bind(`audit_log_no_${trigger}`)
        .all<{ sql: string }>()
    ).results;
    await env.DB.prepare(`DROP TRIGGER audit_log_no_${trigger}`).run();
    await env.DB.prepare(sql)
      .bind(...bindings)
      .run();
    await env.DB.prepare(row!.sql).run();
  };
  const chainOf = async (n: number): Promise<Principal> => {
    const me = owner(newId());
    const facts = Array.from({ length: n }, (_, index) => fact({ target_id: `p${index}` }));
    await team(me.team_id).appendAudit(me.team_id, facts);
    expect(await audit.verify(me, 1)).toMatchObject({ intact: true, checked: n });
    return me;
  };
  const problem = async (me: Principal) => (await audit.verify(me, 1)).problem;

  it("cannot be changed or removed while the triggers stand [audit.verify]", async () => {
    const me = await chainOf(1);
    const update = env.DB.prepare("UPDATE audit_log SET outcome = 'x' WHERE team_id = ?").bind(me.team_id);
    await expect(update.run()).rejects.toThrow("append-only");
    const remove = env.DB.prepare("DELETE FROM audit_log WHERE team_id = ?").bind(me.team_id);
    await expect(remove.run()).rejects.toThrow("append-only");
  });

  it("cannot be replaced by an insert either, and may come once more as they are [audit.verify]", async () => {
    const me = await chainOf(3);
    const before = await rowsOf(me.team_id);
    const others = `entry_id, at, user_id, client_id, action, target_kind, target_id, 'forged', decided_by, details,
      previous_hash, hash FROM audit_log WHERE team_id = ? AND seq = 2`;
    const columns = AUDIT_COLUMNS.join(", ");
    for (const insert of [
      `INSERT OR REPLACE INTO audit_log (${columns}) SELECT team_id, 2, ${others}`,
      `REPLACE INTO audit_log (rowid, ${columns}) SELECT rowid, team_id, 4, ${others}`,
      `INSERT INTO audit_log (${columns}) SELECT team_id, 2, ${others} ON CONFLICT DO UPDATE SET outcome = 'forged'`,
      `INSERT INTO audit_log (${columns}) SELECT team_id, 2, ${others} ON CONFLICT DO NOTHING`,
    ]) {
      await expect(env.DB.prepare(insert).bind(me.team_id).run(), insert).rejects.toThrow("append-only");
    }
    for (const repeat of ["INSERT OR IGNORE", "INSERT OR REPLACE"]) {
      const again = `${repeat} INTO audit_log (${columns}) SELECT ${columns} FROM audit_log WHERE team_id = ?`;
      await env.DB.prepare(again).bind(me.team_id).run();
    }
    expect(await rowsOf(me.team_id)).toEqual(before);
    expect(await problem(me)).toBeNull();
  });

  it("are found when one was changed [audit.verify]", async () => {
    const me = await chainOf(5);
    await without("update", "UPDATE audit_log SET user_id = NULL WHERE team_id = ? AND seq = 3", me.team_id);
    expect(await problem(me)).toEqual({ seq: 3, problem: "changed" });
  });

  it("are found when one was removed, within and at the end [audit.verify]", async () => {
    const me = await chainOf(5);
    await without("delete", "DELETE FROM audit_log WHERE team_id = ? AND seq = 5", me.team_id);
    expect(await problem(me)).toEqual({ seq: 5, problem: "missing" });
    await without("delete", "DELETE FROM audit_log WHERE team_id = ? AND seq = 2", me.team_id);
    expect(await problem(me)).toEqual({ seq: 2, problem: "missing" });
    await without("delete", "DELETE FROM audit_log WHERE team_id = ?", me.team_id);
    expect(await problem(me)).toEqual({ seq: 1, problem: "missing" });
  });

  it("are found when one was added, before, between and after [audit.verify]", async () => {
    for (const [seq, problemSeq] of [
      [0, 0],
      [6, 6],
      [2.5, 3],
    ] as const) {
      const me = await chainOf(5);
      const copy = `INSERT INTO audit_log SELECT team_id, ?, entry_id, at, user_id, client_id, action, target_kind, target_id,
        outcome, decided_by, details, previous_hash, hash FROM audit_log WHERE team_id = ? AND seq = 5`;
      await env.DB.prepare(copy).bind(seq, me.team_id).run();
      const found = await problem(me);
      expect(found?.seq, String(seq)).toBe(problemSeq);
    }
  });

  it("are found when two changed places [audit.verify]", async () => {
    const me = await chainOf(5);
    for (const [from, to] of [
      [2, 100],
      [4, 2],
      [100, 4],
    ]) {
      await without("update", "UPDATE audit_log SET seq = ? WHERE team_id = ? AND seq = ?", to, me.team_id, from);
    }
    expect(await problem(me)).toEqual({ seq: 2, problem: "changed" });
  });

  it("are found when the whole log was written anew with hashes that fit [audit.verify]", async () => {
    const [me, other] = [await chainOf(3), newId()];
    const forger = owner(other);
    await runInDurableObject(team(other), async (_object, state) => {
      const forged = createAuditLedger({
        storage: state.storage,
        database: env.DB,
        teamId: () => me.team_id,
        sha256Hex: sha256HexOf,
        nowMs: Date.now,
        dueAt: () => {},
        onError: (error) => {
          throw error;
        },
      });
      await without("delete", "DELETE FROM audit_log WHERE team_id = ?", me.team_id);
      await forged.append([fact(), fact(), fact()]);
      await forged.work();
    });
    expect(await rowsOf(me.team_id)).toHaveLength(3);
    expect(await problem(me)).toEqual({ seq: 3, problem: "does_not_follow" });
    expect(await audit.verify(forger, 1)).toMatchObject({ checked: 0 });
  });
});

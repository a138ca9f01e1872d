-- To replace a row is to remove it, and fires no trigger for that. A row that is there may be told again as it is, nothing else.
CREATE TRIGGER audit_log_no_replace BEFORE INSERT ON audit_log WHEN EXISTS (
  SELECT 1 FROM audit_log WHERE team_id = NEW.team_id AND seq = NEW.seq
    AND (entry_id, at, user_id, client_id, action, target_kind, target_id, outcome, decided_by, details, previous_hash, hash)
      IS NOT (NEW.entry_id, NEW.at, NEW.user_id, NEW.client_id, NEW.action, NEW.target_kind, NEW.target_id, NEW.outcome, NEW.decided_by, NEW.details, NEW.previous_hash, NEW.hash)
) BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
--> statement-breakpoint
-- A row has a second name. Where none is given, it is negative here.
CREATE TRIGGER audit_log_no_replaced_rowid BEFORE INSERT ON audit_log WHEN NEW.rowid > 0 AND EXISTS (
  SELECT 1 FROM audit_log WHERE rowid = NEW.rowid
) BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

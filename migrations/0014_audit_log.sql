CREATE TABLE `audit_log` (
	`team_id` text NOT NULL,
	`seq` integer NOT NULL,
	`entry_id` text NOT NULL,
	`at` text NOT NULL,
	`user_id` text,
	`client_id` text,
	`action` text NOT NULL,
	`target_kind` text,
	`target_id` text,
	`outcome` text NOT NULL,
	`decided_by` text,
	`details` text NOT NULL,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`team_id`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `audit_log_time` ON `audit_log` (`team_id`,`at`);--> statement-breakpoint
CREATE INDEX `audit_log_user` ON `audit_log` (`team_id`,`user_id`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_log_target` ON `audit_log` (`team_id`,`target_id`,`seq`);
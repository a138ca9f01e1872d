CREATE TABLE `configuration_changes` (
	`team_id` text NOT NULL,
	`version` integer NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`value` text,
	`summary` text NOT NULL,
	`changed_by` text NOT NULL,
	`changed_at` text NOT NULL,
	PRIMARY KEY(`team_id`, `version`, `kind`, `name`)
);
--> statement-breakpoint
CREATE INDEX `configuration_changes_place` ON `configuration_changes` (`team_id`,`scope`,`scope_id`,`version`);--> statement-breakpoint
CREATE TABLE `configuration_items` (
	`team_id` text NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`value` text NOT NULL,
	`version` integer NOT NULL,
	`changed_by` text NOT NULL,
	`changed_at` text NOT NULL,
	PRIMARY KEY(`team_id`, `scope`, `scope_id`, `kind`, `name`)
);
--> statement-breakpoint
CREATE TABLE `proposals` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`proposed_by` text NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`changes` text NOT NULL,
	`summary` text NOT NULL,
	`client` text,
	`created_at` text NOT NULL,
	`expires_at` text NOT NULL,
	`state` text NOT NULL,
	`decided_by` text,
	`decided_at` text,
	`decision_id` text
);
--> statement-breakpoint
CREATE INDEX `proposals_person` ON `proposals` (`team_id`,`proposed_by`,`state`);--> statement-breakpoint
ALTER TABLE `teams` ADD `configuration_version` integer DEFAULT 0 NOT NULL;
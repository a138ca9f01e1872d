CREATE TABLE `agent_executions` (
	`id` text PRIMARY KEY NOT NULL,
	`agent_id` text NOT NULL,
	`agent` text NOT NULL,
	`agent_version` integer NOT NULL,
	`team_id` text NOT NULL,
	`user_id` text NOT NULL,
	`project_id` text NOT NULL,
	`task` text NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`created_at` text NOT NULL,
	`started_at` text,
	`ended_at` text,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `agent_executions_agent` ON `agent_executions` (`agent_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `agent_executions_person` ON `agent_executions` (`team_id`,`user_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `agent_versions` (
	`agent_id` text NOT NULL,
	`version` integer NOT NULL,
	`definition` text NOT NULL,
	`changed_by` text NOT NULL,
	`changed_at` text NOT NULL,
	PRIMARY KEY(`agent_id`, `version`)
);
--> statement-breakpoint
CREATE TABLE `agents` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`owner_id` text,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`category` text,
	`source_url` text,
	`source_commit` text,
	`version` integer NOT NULL,
	`created_by` text NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	`deleted_at` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `agents_live_name` ON `agents` (`team_id`,`name`) WHERE deleted_at is null;
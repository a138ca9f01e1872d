CREATE TABLE `session_processes` (
	`session_id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`owner_id` text NOT NULL,
	`project_id` text NOT NULL,
	`project` text NOT NULL,
	`branch` text NOT NULL,
	`status` text NOT NULL,
	`turn_id` text,
	`runtime_id` text,
	`pid` integer,
	`started_at` text,
	`processes` integer NOT NULL,
	`cpu_percent` real NOT NULL,
	`rss_bytes` integer NOT NULL,
	`last_event_seq` integer,
	`last_event_type` text,
	`last_event_at` text,
	`checked_at` text,
	`updated_at` text NOT NULL,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `session_processes_team` ON `session_processes` (`team_id`,`updated_at`);
CREATE TABLE `checkpoint_pack_refs` (
	`checkpoint_id` text NOT NULL,
	`team_id` text NOT NULL,
	`pack_sha256` text NOT NULL,
	PRIMARY KEY(`checkpoint_id`, `pack_sha256`)
);
--> statement-breakpoint
CREATE INDEX `checkpoint_pack_refs_pack` ON `checkpoint_pack_refs` (`team_id`,`pack_sha256`);--> statement-breakpoint
CREATE TABLE `checkpoint_packs` (
	`team_id` text NOT NULL,
	`sha256` text NOT NULL,
	`bytes` integer NOT NULL,
	`stored_at` text NOT NULL,
	`condemned_at` text,
	PRIMARY KEY(`team_id`, `sha256`)
);
--> statement-breakpoint
CREATE INDEX `checkpoint_packs_age` ON `checkpoint_packs` (`team_id`,`stored_at`);--> statement-breakpoint
CREATE TABLE `checkpoints` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`project_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`parent_id` text,
	`kind` text NOT NULL,
	`manifest_sha256` text NOT NULL,
	`message` text NOT NULL,
	`tags` text DEFAULT '[]' NOT NULL,
	`author_id` text,
	`session_id` text,
	`turn_id` text,
	`event_seq` integer,
	`model` text,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`files` integer NOT NULL,
	`bytes` integer NOT NULL,
	`stored_bytes` integer NOT NULL,
	`added` integer NOT NULL,
	`changed` integer NOT NULL,
	`removed` integer NOT NULL,
	`unstable_files` integer NOT NULL,
	`omitted` integer NOT NULL,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `checkpoints_project` ON `checkpoints` (`project_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `checkpoints_workspace` ON `checkpoints` (`workspace_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `checkpoints_parent` ON `checkpoints` (`parent_id`);--> statement-breakpoint
DROP INDEX `workspaces_branch`;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `head_checkpoint_id` text;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `base_checkpoint_id` text;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `deleted_at` text;--> statement-breakpoint
CREATE UNIQUE INDEX `workspaces_live_branch` ON `workspaces` (`project_id`,`branch`) WHERE deleted_at is null;--> statement-breakpoint
ALTER TABLE `projects` ADD `checkpoint_strategy` text;--> statement-breakpoint
ALTER TABLE `projects` ADD `checkpoint_retention` text;
CREATE TABLE `uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`media_type` text NOT NULL,
	`ticket_sha256` text NOT NULL,
	`ticket_expires_at` text NOT NULL,
	`created_at` text NOT NULL,
	`expires_at` text NOT NULL,
	`sha256` text,
	`bytes` integer
);
--> statement-breakpoint
CREATE INDEX `uploads_owner` ON `uploads` (`team_id`,`owner_id`);--> statement-breakpoint
CREATE INDEX `uploads_expiry` ON `uploads` (`expires_at`);
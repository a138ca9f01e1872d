CREATE TABLE `mcp_connections` (
	`team_id` text NOT NULL,
	`user_id` text NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`server` text NOT NULL,
	`url` text NOT NULL,
	`sealed` text NOT NULL,
	`version` integer NOT NULL,
	`renewing_until_ms` integer DEFAULT 0 NOT NULL,
	`connected_at` text NOT NULL,
	`updated_at` text NOT NULL,
	PRIMARY KEY(`team_id`, `user_id`, `scope`, `scope_id`, `server`)
);
--> statement-breakpoint
CREATE TABLE `mcp_server_health` (
	`team_id` text NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`server` text NOT NULL,
	`last_ok_at` text,
	`last_failed_at` text,
	`error_class` text,
	`tools` integer,
	PRIMARY KEY(`team_id`, `scope`, `scope_id`, `server`)
);
--> statement-breakpoint
CREATE TABLE `mcp_sign_ins` (
	`state_sha256` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`user_id` text NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`server` text NOT NULL,
	`url` text NOT NULL,
	`sealed` text NOT NULL,
	`expires_at` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `secrets` (
	`team_id` text NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`name` text NOT NULL,
	`sealed` text NOT NULL,
	`made_for` text,
	`created_by` text NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	PRIMARY KEY(`team_id`, `scope`, `scope_id`, `name`)
);

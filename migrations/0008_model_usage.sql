CREATE TABLE `model_usage` (
	`turn_id` text NOT NULL,
	`session_id` text NOT NULL,
	`team_id` text NOT NULL,
	`user_id` text NOT NULL,
	`project_id` text NOT NULL,
	`model` text NOT NULL,
	`runtime` text NOT NULL,
	`requests` integer NOT NULL,
	`estimated_requests` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`thinking_tokens` integer NOT NULL,
	`cache_read_input_tokens` integer NOT NULL,
	`cache_creation_5m_input_tokens` integer NOT NULL,
	`cache_creation_1h_input_tokens` integer NOT NULL,
	`web_search_requests` integer NOT NULL,
	`cost_usd` real,
	`reported_cost_usd` real,
	`occurred_at` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`turn_id`, `model`)
);
--> statement-breakpoint
CREATE INDEX `model_usage_team_time` ON `model_usage` (`team_id`,`occurred_at`);--> statement-breakpoint
CREATE INDEX `model_usage_session` ON `model_usage` (`session_id`);--> statement-breakpoint
INSERT INTO `model_usage` SELECT `turn_id`, `session_id`, `team_id`, `user_id`, `project_id`, coalesce(`model`, 'unknown'), 'claude_code', 0, 0, `input_tokens`, `output_tokens`, 0, `cache_read_input_tokens`, `cache_creation_input_tokens`, 0, 0, `cost_usd`, `cost_usd`, `occurred_at`, 0 FROM `usage`;

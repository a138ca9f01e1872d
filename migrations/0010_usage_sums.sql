CREATE TABLE `usage_daily` (
	`team_id` text NOT NULL,
	`day` text NOT NULL,
	`user_id` text NOT NULL,
	`project_id` text NOT NULL,
	`agent_id` text NOT NULL,
	`model` text NOT NULL,
	`requests` integer DEFAULT 0 NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`thinking_tokens` integer DEFAULT 0 NOT NULL,
	`cache_read_input_tokens` integer DEFAULT 0 NOT NULL,
	`cache_creation_5m_input_tokens` integer DEFAULT 0 NOT NULL,
	`cache_creation_1h_input_tokens` integer DEFAULT 0 NOT NULL,
	`web_search_requests` integer DEFAULT 0 NOT NULL,
	`cost_usd` real DEFAULT 0 NOT NULL,
	`unpriced_requests` integer DEFAULT 0 NOT NULL,
	`reported_cost_usd` real DEFAULT 0 NOT NULL,
	PRIMARY KEY(`team_id`, `day`, `user_id`, `project_id`, `agent_id`, `model`)
);
--> statement-breakpoint
CREATE TABLE `usage_hourly` (
	`team_id` text NOT NULL,
	`hour` text NOT NULL,
	`session_id` text NOT NULL,
	`model` text NOT NULL,
	`user_id` text NOT NULL,
	`project_id` text NOT NULL,
	`agent_id` text NOT NULL,
	`requests` integer DEFAULT 0 NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`thinking_tokens` integer DEFAULT 0 NOT NULL,
	`cache_read_input_tokens` integer DEFAULT 0 NOT NULL,
	`cache_creation_5m_input_tokens` integer DEFAULT 0 NOT NULL,
	`cache_creation_1h_input_tokens` integer DEFAULT 0 NOT NULL,
	`web_search_requests` integer DEFAULT 0 NOT NULL,
	`cost_usd` real DEFAULT 0 NOT NULL,
	`unpriced_requests` integer DEFAULT 0 NOT NULL,
	`reported_cost_usd` real DEFAULT 0 NOT NULL,
	PRIMARY KEY(`team_id`, `hour`, `session_id`, `model`)
);
--> statement-breakpoint
CREATE TABLE `usage_team_hourly` (
	`team_id` text NOT NULL,
	`hour` text NOT NULL,
	`model` text NOT NULL,
	`requests` integer DEFAULT 0 NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`thinking_tokens` integer DEFAULT 0 NOT NULL,
	`cache_read_input_tokens` integer DEFAULT 0 NOT NULL,
	`cache_creation_5m_input_tokens` integer DEFAULT 0 NOT NULL,
	`cache_creation_1h_input_tokens` integer DEFAULT 0 NOT NULL,
	`web_search_requests` integer DEFAULT 0 NOT NULL,
	`cost_usd` real DEFAULT 0 NOT NULL,
	`unpriced_requests` integer DEFAULT 0 NOT NULL,
	`reported_cost_usd` real DEFAULT 0 NOT NULL,
	PRIMARY KEY(`team_id`, `hour`, `model`)
);
--> statement-breakpoint
ALTER TABLE `model_usage` ADD `agent_id` text;
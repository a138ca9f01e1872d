CREATE INDEX `usage_hourly_user` ON `usage_hourly` (`team_id`,`user_id`,`hour`);--> statement-breakpoint
CREATE INDEX `usage_hourly_project` ON `usage_hourly` (`team_id`,`project_id`,`hour`);
-- Sums follow each row in the same transaction: a row that comes again, or anew, is not counted twice.
-- Rows that are cleaned away leave their sums.
CREATE TRIGGER model_usage_added AFTER INSERT ON model_usage BEGIN
  INSERT INTO usage_hourly (team_id, hour, session_id, model, user_id, project_id, agent_id, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (NEW.team_id, substr(NEW.occurred_at, 1, 13), NEW.session_id, NEW.model, NEW.user_id, NEW.project_id, coalesce(NEW.agent_id, ''), NEW.requests, NEW.input_tokens, NEW.output_tokens, NEW.thinking_tokens, NEW.cache_read_input_tokens, NEW.cache_creation_5m_input_tokens, NEW.cache_creation_1h_input_tokens, NEW.web_search_requests, coalesce(NEW.cost_usd, 0), iif(NEW.cost_usd IS NULL, NEW.requests, 0), coalesce(NEW.reported_cost_usd, 0))
  ON CONFLICT (team_id, hour, session_id, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
  INSERT INTO usage_daily (team_id, day, user_id, project_id, agent_id, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (NEW.team_id, substr(NEW.occurred_at, 1, 10), NEW.user_id, NEW.project_id, coalesce(NEW.agent_id, ''), NEW.model, NEW.requests, NEW.input_tokens, NEW.output_tokens, NEW.thinking_tokens, NEW.cache_read_input_tokens, NEW.cache_creation_5m_input_tokens, NEW.cache_creation_1h_input_tokens, NEW.web_search_requests, coalesce(NEW.cost_usd, 0), iif(NEW.cost_usd IS NULL, NEW.requests, 0), coalesce(NEW.reported_cost_usd, 0))
  ON CONFLICT (team_id, day, user_id, project_id, agent_id, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
  INSERT INTO usage_team_hourly (team_id, hour, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (NEW.team_id, substr(NEW.occurred_at, 1, 13), NEW.model, NEW.requests, NEW.input_tokens, NEW.output_tokens, NEW.thinking_tokens, NEW.cache_read_input_tokens, NEW.cache_creation_5m_input_tokens, NEW.cache_creation_1h_input_tokens, NEW.web_search_requests, coalesce(NEW.cost_usd, 0), iif(NEW.cost_usd IS NULL, NEW.requests, 0), coalesce(NEW.reported_cost_usd, 0))
  ON CONFLICT (team_id, hour, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
END;
--> statement-breakpoint
CREATE TRIGGER model_usage_changed AFTER UPDATE ON model_usage BEGIN
  INSERT INTO usage_hourly (team_id, hour, session_id, model, user_id, project_id, agent_id, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (OLD.team_id, substr(OLD.occurred_at, 1, 13), OLD.session_id, OLD.model, OLD.user_id, OLD.project_id, coalesce(OLD.agent_id, ''), -OLD.requests, -OLD.input_tokens, -OLD.output_tokens, -OLD.thinking_tokens, -OLD.cache_read_input_tokens, -OLD.cache_creation_5m_input_tokens, -OLD.cache_creation_1h_input_tokens, -OLD.web_search_requests, -coalesce(OLD.cost_usd, 0), -iif(OLD.cost_usd IS NULL, OLD.requests, 0), -coalesce(OLD.reported_cost_usd, 0))
  ON CONFLICT (team_id, hour, session_id, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
  INSERT INTO usage_hourly (team_id, hour, session_id, model, user_id, project_id, agent_id, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (NEW.team_id, substr(NEW.occurred_at, 1, 13), NEW.session_id, NEW.model, NEW.user_id, NEW.project_id, coalesce(NEW.agent_id, ''), NEW.requests, NEW.input_tokens, NEW.output_tokens, NEW.thinking_tokens, NEW.cache_read_input_tokens, NEW.cache_creation_5m_input_tokens, NEW.cache_creation_1h_input_tokens, NEW.web_search_requests, coalesce(NEW.cost_usd, 0), iif(NEW.cost_usd IS NULL, NEW.requests, 0), coalesce(NEW.reported_cost_usd, 0))
  ON CONFLICT (team_id, hour, session_id, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
  INSERT INTO usage_daily (team_id, day, user_id, project_id, agent_id, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (OLD.team_id, substr(OLD.occurred_at, 1, 10), OLD.user_id, OLD.project_id, coalesce(OLD.agent_id, ''), OLD.model, -OLD.requests, -OLD.input_tokens, -OLD.output_tokens, -OLD.thinking_tokens, -OLD.cache_read_input_tokens, -OLD.cache_creation_5m_input_tokens, -OLD.cache_creation_1h_input_tokens, -OLD.web_search_requests, -coalesce(OLD.cost_usd, 0), -iif(OLD.cost_usd IS NULL, OLD.requests, 0), -coalesce(OLD.reported_cost_usd, 0))
  ON CONFLICT (team_id, day, user_id, project_id, agent_id, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
  INSERT INTO usage_daily (team_id, day, user_id, project_id, agent_id, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (NEW.team_id, substr(NEW.occurred_at, 1, 10), NEW.user_id, NEW.project_id, coalesce(NEW.agent_id, ''), NEW.model, NEW.requests, NEW.input_tokens, NEW.output_tokens, NEW.thinking_tokens, NEW.cache_read_input_tokens, NEW.cache_creation_5m_input_tokens, NEW.cache_creation_1h_input_tokens, NEW.web_search_requests, coalesce(NEW.cost_usd, 0), iif(NEW.cost_usd IS NULL, NEW.requests, 0), coalesce(NEW.reported_cost_usd, 0))
  ON CONFLICT (team_id, day, user_id, project_id, agent_id, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
  INSERT INTO usage_team_hourly (team_id, hour, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (OLD.team_id, substr(OLD.occurred_at, 1, 13), OLD.model, -OLD.requests, -OLD.input_tokens, -OLD.output_tokens, -OLD.thinking_tokens, -OLD.cache_read_input_tokens, -OLD.cache_creation_5m_input_tokens, -OLD.cache_creation_1h_input_tokens, -OLD.web_search_requests, -coalesce(OLD.cost_usd, 0), -iif(OLD.cost_usd IS NULL, OLD.requests, 0), -coalesce(OLD.reported_cost_usd, 0))
  ON CONFLICT (team_id, hour, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
  INSERT INTO usage_team_hourly (team_id, hour, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
  VALUES (NEW.team_id, substr(NEW.occurred_at, 1, 13), NEW.model, NEW.requests, NEW.input_tokens, NEW.output_tokens, NEW.thinking_tokens, NEW.cache_read_input_tokens, NEW.cache_creation_5m_input_tokens, NEW.cache_creation_1h_input_tokens, NEW.web_search_requests, coalesce(NEW.cost_usd, 0), iif(NEW.cost_usd IS NULL, NEW.requests, 0), coalesce(NEW.reported_cost_usd, 0))
  ON CONFLICT (team_id, hour, model) DO UPDATE SET
    requests = requests + excluded.requests,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    thinking_tokens = thinking_tokens + excluded.thinking_tokens,
    cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    web_search_requests = web_search_requests + excluded.web_search_requests,
    cost_usd = cost_usd + excluded.cost_usd,
    unpriced_requests = unpriced_requests + excluded.unpriced_requests,
    reported_cost_usd = reported_cost_usd + excluded.reported_cost_usd;
END;
--> statement-breakpoint
INSERT INTO usage_hourly (team_id, hour, session_id, model, user_id, project_id, agent_id, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
SELECT u.team_id, substr(u.occurred_at, 1, 13), u.session_id, u.model, u.user_id, u.project_id, coalesce(u.agent_id, ''), sum(u.requests), sum(u.input_tokens), sum(u.output_tokens), sum(u.thinking_tokens), sum(u.cache_read_input_tokens), sum(u.cache_creation_5m_input_tokens), sum(u.cache_creation_1h_input_tokens), sum(u.web_search_requests), sum(coalesce(u.cost_usd, 0)), sum(iif(u.cost_usd IS NULL, u.requests, 0)), sum(coalesce(u.reported_cost_usd, 0))
FROM model_usage u GROUP BY u.team_id, substr(u.occurred_at, 1, 13), u.session_id, u.model;
--> statement-breakpoint
INSERT INTO usage_daily (team_id, day, user_id, project_id, agent_id, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
SELECT u.team_id, substr(u.occurred_at, 1, 10), u.user_id, u.project_id, coalesce(u.agent_id, ''), u.model, sum(u.requests), sum(u.input_tokens), sum(u.output_tokens), sum(u.thinking_tokens), sum(u.cache_read_input_tokens), sum(u.cache_creation_5m_input_tokens), sum(u.cache_creation_1h_input_tokens), sum(u.web_search_requests), sum(coalesce(u.cost_usd, 0)), sum(iif(u.cost_usd IS NULL, u.requests, 0)), sum(coalesce(u.reported_cost_usd, 0))
FROM model_usage u GROUP BY u.team_id, substr(u.occurred_at, 1, 10), u.user_id, u.project_id, coalesce(u.agent_id, ''), u.model;
--> statement-breakpoint
INSERT INTO usage_team_hourly (team_id, hour, model, requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, web_search_requests, cost_usd, unpriced_requests, reported_cost_usd)
SELECT u.team_id, substr(u.occurred_at, 1, 13), u.model, sum(u.requests), sum(u.input_tokens), sum(u.output_tokens), sum(u.thinking_tokens), sum(u.cache_read_input_tokens), sum(u.cache_creation_5m_input_tokens), sum(u.cache_creation_1h_input_tokens), sum(u.web_search_requests), sum(coalesce(u.cost_usd, 0)), sum(iif(u.cost_usd IS NULL, u.requests, 0)), sum(coalesce(u.reported_cost_usd, 0))
FROM model_usage u GROUP BY u.team_id, substr(u.occurred_at, 1, 13), u.model;

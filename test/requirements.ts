// The ledger: one id for each behaviour that is asked for. Tests cite ids in square brackets in their names;
// test/policy/requirements.test.ts fails for an id that nothing cites, and for a citation that is not here.

export const REQUIREMENTS = {
  // What a person does
  "start.fresh_clone": "npm start and npm test set everything up on Node 20 or newer; npm ci runs only when needed",
  "start.ready_lines": "npm start prints the address, the sign-in code and how to connect, once /health answers",
  "start.settings":
    "npm start honours PORT, BERTH_HOME, ANTHROPIC_API_KEY, MODEL_BASE_URL, BERTH_MAX_PERMISSION_MODE, SANDBOX",
  "start.secrets_once": "local secrets are written once, readable by their owner alone",
  "start.keyless": "without a key the scripted model answers, under a banner that says so",
  "start.subscription_token": "a subscription token as the key is refused at start with the reason",
  "start.supervises": "a /health that fails for 10 s ends the tree and starts it again, with a line that says so",
  "start.leftovers": "a start ends first what an earlier run of the same BERTH_HOME left",
  "start.ctrl_c": "Ctrl-C leaves nothing behind",
  "demo.tour": "npm run demo boots the stack, signs a client in, runs one job, prints its events and exits 0",

  // Configuration
  "configuration.merge": "the narrower scope wins item by item; rules, ceilings and instructions of all scopes add up",
  "configuration.checked": "an item that does not fit its kind, its name or its scope is refused with the reason",
  "configuration.widening": "a change is widening exactly when it lets a session do more than before",
  "configuration.roles": "the team's configuration is its owners', everything else its person's own",
  "configuration.unreadable":
    "rules and hooks that cannot be read forbid everything; another item is left out and named, and opens nothing",
  "configuration.versions": "every change is a version; any of them can be had again, as a new one",
  "configuration.proposal":
    "what widens waits for a person, is carried out once and only as it was shown, and is nobody else's",
  "configuration.concurrent":
    "a change counts on what it was compared with; what others changed meanwhile is compared anew",
  "configuration.isolation": "a session is configured by its own places alone",
  "configuration.forgotten": "a deleted project or session takes along everything that was configured for it",
  "configuration.limits": "a configuration that is larger than a session takes is refused",
  "configuration.warm": "an unchanged configuration is neither read nor sent again; a runner that has lost it gets it",
  "configuration.waited": "a turn that waited, and a follow-up's first tool, go by the rules as they are by then",
  "configuration.outage": "a turn waits for rules that are known to have changed, and for nothing else",
  "accounting.cost": "what a turn costs is counted request by request, and is what Claude Code counts",
  "accounting.unknown": "the cost of a model without a price is unknown, never 0",
  "accounting.prices": "a team's own prices go before the list",
  "accounting.reported": "Claude Code's totals run on: a turn's own are the difference",
  "accounting.answer": "an answer is counted by what it says of itself, or estimated when it was cut off",
  "accounting.restart": "a Claude Code that is killed, replaced or resumed neither loses nor repeats a cost",
  "accounting.once": "an answer is counted once, also when the object restarts in between",
  "accounting.sums": "sums follow each row of usage, whatever comes again or late",
  "accounting.zones": "the days of a report are those of its time zone",
  "accounting.reports": "usage adds up by day, model, project, person, agent and session",
  "accounting.visibility": "an owner sees the team's usage, a member their own, another team nothing",
  "accounting.differences": "sessions whose cost is not what Claude Code reported are named",
  "accounting.limits": "a report that would be too long is refused with what to do",
  "accounting.export": "a report is to be had as a file",
  "accounting.retention": "rows go after a while, and their sums stay",
  "budgets.money": "a budget is a hard stop that says who can do what",
  "budgets.reservations": "requests under way count until they are settled, and no longer than they can run",
  "budgets.race": "sessions at once overshoot a budget by no more than one request each",
  "budgets.subjects": "team, persons, projects and agents have budgets of their own",
  "budgets.unknown": "where a budget holds, what has no price is refused",
  "budgets.outage": "budgets are read now and then, and hold as known while D1 is away",
  "budgets.turns": "no more turns begin within an hour than a limit says",
  "budgets.settled": "what a request cost is settled once, whatever fails in between",
  "budgets.stop": "a session that a budget stops says so, and goes on when it is raised",
  "budgets.warning": "whoever follows a session is warned at four fifths of a budget",
  "budgets.concurrent": "no more sessions work at once than a limit says; the others wait",
  "budgets.minutes": "no more turns begin once turns worked in sandboxes for as long as a limit says",
  "budgets.input": "a limit is a positive amount, of somebody who is named",
  "budgets.visibility": "what another person may spend is theirs and the owners' to know",
  "budgets.consent": "a model can lower a budget and only propose to raise it",
  "proxy.answers": "an answer that says nothing is passed on as such",
  "commands.front_matter": "a command's file has the front matter that was shown, whatever its text begins with",
  "commands.approvals":
    "what a command or skill lets run runs unasked in turns that use it, unless the repository took its name or a rule says no",
  "configuration.scopes": "rules and settings of team, person, project and session hold in a session, each as it says",
  "configuration.environment":
    "variables of every scope reach the session, the narrower winning, once a person confirmed them",
  "configuration.memory":
    "instructions of every scope reach the model; a change comes with the next prompt, and no change costs no process",
  "configuration.ceiling": "the narrowest ceiling holds in every turn, whatever a call asks for",
  "configuration.repository":
    "a repository's instructions count until they are switched off; its rules, hooks, servers and addresses do not",
  "configuration.files":
    "files are laid out whole, outside of the agent's reach, and never along a path of the agent's",

  // Repository
  "repo.ledger": "every id is cited by a test, and every citation is an id",
  "repo.layout": "the layout's boundaries hold: each machine imports what it may, and nothing else",
  "repo.docs_true": "paths that the documents name exist",

  // Runner
  "runner.versions":
    "a runner of the version before gets what it knows, a clear refusal for what it does not, and is not put to sleep",
  "runner.boot": "a fresh runtime_id per boot; a boot token on every connection; a hello with versions",
  "runner.spool": "complete messages are numbered, spooled, sent, and kept until acknowledged",
  "runner.previews": "deltas are previews, sent only while somebody watches",
  "runner.turn_end":
    "a turn ends on the result or the process's end, once, with the redacted tail of stderr when there was no result",
  "runner.next_prompt": "the next prompt is fed only after the last result",
  "runner.follow_up": "what Claude goes on with by itself is a turn of its own",
  "runner.session_end": "the runner forgets a session that has ended once everything is acknowledged",
  "runner.wake": "a runner that has something to say and no connection calls POST /runner/wake",
  "runner.gate": "the permission gate holds in every mode and never fails open",
  "runner.sigterm": "SIGTERM interrupts turns, flushes, and exits",
  "runner.token_renewal": "the CLI goes on with a renewed run token after a 401",
  "runner.resume": "a conversation is resumed by a new CLI process",
  "runner.files": "nothing outside the workspace is listed or read",
  "runner.clone":
    "a repository is cloned with all protocols off but the allowed one; a failure leaves the workspace empty",
  "runner.image_versions": "the image's packages are the ones of the root lockfile",

  "runner.silence": "a turn whose CLI says nothing for too long, while no tool runs, ends with that reason",
  "runner.steer":
    "a prompt is folded into the running turn and shares its result; model and permission mode change in the live CLI",

  // What goes in with a prompt and comes out besides text
  "attachments.upload":
    "create_upload gives a ticket, and the file that comes with it goes with a prompt that names it",
  "attachments.ticket": "a ticket opens one upload, once, for a short time",
  "attachments.model": "images, PDFs and texts that a prompt names reach the model, once",
  "attachments.refused":
    "a file that is not what it says, too large, elsewhere or gone gets a clear answer and changes nothing more",
  "attachments.own": "an upload is its owner's: a foreign one and an unknown one are the same",
  "attachments.expiry": "uploads expire and are removed with all their bytes",
  "attachments.repeat": "a repeated call gets its first answer, whatever became of its files",
  "attachments.hand_over": "a turn keeps the names of its files, and its runner reads their bytes while it is open",
  "structured.schema": "what is no JSON Schema is refused in words that say where",
  "structured.answer": "a turn with an output_schema has an answer that fits it, in its result",
  "structured.validated": "an answer is never passed on that was not checked against the schema",
  "structured.prefixes": "lines of the answer that begin with a prefix are events, once each",
  "tasks.list": "background tasks are listed with what they wrote, as the sandbox says now",
  "tasks.stop": "a background task is stopped, and an unknown one gets a clear answer",
  "tasks.watch": "each beginning and end of a background task is an event",

  // What a person has to agree to
  "permissions.gate":
    "forbidden is refused and consent is asked in every mode; what is auto-approved runs within allowed_tools",
  "permissions.pending":
    "a request is shown, waits for a person, survives every restart, and is answered once, the same for the same id",
  "permissions.timeout": "what nobody answers in time is denied, and the session says so",
  "permissions.stop": "an interrupt or the turn's end ends what waits",
  "permissions.answer": "allow once, for the session or always, or deny with a message; the first answer stands",
  "permissions.session": "what was allowed for the session runs there again, and lifts nothing that is forbidden",
  "permissions.model": "the model cannot give consent: by no argument, no link, from no sandbox and no other session",
  "permissions.page":
    "the page shows exactly what is asked and by whom, works without scripts, and GET changes nothing",
  "permissions.link":
    "a link opens nothing by itself; one of another person, expired or used does nothing and says why",
  "permissions.elicitation": "a client that shows forms asks its person in the middle of a call",
  "permissions.socket": "a watcher who may answer does so over the WebSocket, and one with a ticket may not",
  "permissions.tools": "rules are shown, changed and explained by tools; what widens is proposed",
  "permissions.browser": "a person signs in with the browser, for a while, and out again",
  "proposals.page": "a proposal is confirmed or refused on its page, once, by who may",
  "permissions.always": "a suggested rule is never wider than what was asked",
  "permissions.questions":
    "questions of Claude's, plans and MCP servers' forms are shown whole and answered by a person",

  // Objects
  "session.turn.lifecycle": "a turn goes from its prompt to its result, its events numbered 1 to n",
  "session.cost.difference": "a turn's cost is its own, by difference",
  "session.cli_killed":
    "when the CLI is killed the turn fails with a clear message and the session takes the next prompt",
  "session.lease.order":
    "turns of all sessions in a workspace take its lease in order, one at a time; who waits says for whom",
  "session.follow_up": "a follow-up is a turn with lease and count like any other",
  "session.idempotency": "a repeated call with the same idempotency_key gets the first answer",
  "session.end": "an ended session takes no prompt, and its model requests stop at once",
  "session.interrupt": "an interrupt stops the turn and keeps the session",
  "session.wait": "waiting comes back with the turn's end, an event, or when time is up",
  "events.no_repeat": "an entry that comes twice is stored once",
  "events.no_gap": "the log has no gaps",
  "events.fenced": "a replaced runtime can store nothing, and a new one's numbers are not taken for repeats",
  "events.row_limit": "every row stays under 256 KB",
  "events.large_body": "a message of 10 MB is in the log as at most 256 KB and read back whole",
  "events.tool_calls": "tool calls are events that name their message by its number",
  "objects.alarm": "one alarm serves many due times, sets the next first, and never throws",
  "objects.outbox": "what an object owes D1 is delivered until acknowledged, and once",
  "objects.migrations": "an object's tables are made by numbered migrations, and a guessed id makes no object",
  "recovery.reattach": "an object re-attaches to the live CLI rather than starting the turn again",
  "recovery.lost": "a turn is closed as interrupted only when its runtime is gone",
  "recovery.turn_lost": "a turn that its runner knows nothing of any more ends as failed, and says so",
  "recovery.unknown": "a runtime of which nothing is known keeps its turn",
  "recovery.files_lost": "a lost sandbox says in the next turn's first event that its files are gone",
  "recovery.wrangler_killed":
    "all processes of wrangler dev killed in mid-turn: the same turn finishes, the log is 1 to n",
  "recovery.workerd_killed": "each workerd killed alone in mid-turn: the same turn finishes, the log is 1 to n",
  "recovery.start_killed": "npm start killed in mid-turn and started again loses and repeats nothing",
  "recovery.sandbox_replaced":
    "a sandbox replaced by an empty one in mid-turn: interrupted, nothing swallowed as a duplicate",
  "workspace.runtime": "the Workspace object starts, finds again and fences the sandbox",
  "workspace.start_retry":
    "a sandbox that fails to start is retried with backoff and jitter, then left alone for a while, and the error says so",
  "workspace.keep": "a sandbox with files is not put to sleep",
  "sandbox.process": "a job runs end to end in process mode",
  "sandbox.container": "a job runs end to end in container mode",

  // Conversations that outlive the sandbox
  "transcripts.upload":
    "transcripts leave the sandbox at every turn's end, in the parts by which they grew, under a version",
  "transcripts.restore": "a conversation goes on in an empty sandbox, with every prompt in it once",
  "transcripts.fork": "a session can be forked from any completed turn; its cost starts at its source's total",
  "team.slots":
    "the Team object gives running slots, fair between users, as leases; what waits says for what and at which place",
  "session.model_retry":
    "rate limits and retries of the model's API are events that a person can read, while the CLI waits them out",
  "session.if_busy": "a prompt to a busy session is queued, steered into the running turn, or refused",
  "session.options": "model and permission mode of a session act on the live turn and hold for later ones",
  "processes.registry": "what runs for a session is asked of its sandbox, and ended by its process id",
  "processes.index":
    "what works or waits across a team has a row in D1, from each session's outbox, gone when it is at rest or deleted",
  "processes.sweep": "a row whose session runs no more heals itself: by the team's sweep, and when it is asked for",
  "processes.team": "an owner sees what runs across the team, without its content; a member and another team do not",
  "sleeping.link": "an idle session holds no connection, no timer and no memory",
  "sleeping.cli":
    "Claude Code's process goes after minutes without a prompt, and the next prompt resumes the conversation",
  "sleeping.sandbox":
    "a sandbox stops when nobody uses it and nothing would be lost, never while a lease, a turn or a background task is alive",
  "recovery.outage": "ten minutes without D1, R2 or the sandbox platform leave no session that nothing wakes",
  "session.queue_limit": "prompts that wait in a session are limited, in order, and cheap for everybody else",
  "session.key": "a session_key gives the same session for the same team, user, conversation and agent for ever",

  // Watching
  "watching.speed": "an event is read and serialised once for all of its watchers",
  "watching.stream": "a session is watched over server-sent events: replay from the cursor, then live",
  "watching.socket": "a session is watched over a WebSocket, which goes on after the object left memory",
  "watching.seam": "between replay and live nothing is missed and nothing comes twice, for any number of watchers",
  "watching.previews": "previews come live to watchers that have all events, and flow only while somebody watches",
  "watching.slow":
    "a slow watcher is cut off with a cursor to go on from, and slows down neither the session nor the others",
  "watching.cursor": "a cursor that is malformed or in the future gets a clear answer",
  "pages.browser": "the pages work in a real browser",
  "watching.ticket": "a ticket opens one watch in a browser, within a minute, for its session alone",
  "watching.rights": "without the right to a session there is nothing to watch, and the right is looked at again",
  "watching.end": "a watch of an ended session replays its events and ends by saying so",

  // Archive, export, deletion
  "archive.retention": "an ended session moves to the archive after its retention period, and no other one",
  "archive.same": "an archived session reads the same through the same tools, routes, exports and watches",
  "archive.survives": "moving to the archive survives a cut at any step, and an R2 that fails or lies",
  "archive.one_read": "a page of an archived log needs one ranged read",
  "archive.export": "export_session gives the log as JSON lines or as a transcript, streamed, with long messages whole",
  "archive.delete": "delete_session removes everything but what the turns cost; the id is unknown from then on",
  "archive.delete_incomplete":
    "delete_session says what is left while R2 or D1 fails, and the alarm goes on until it is done",

  // Chaos: npm run chaos is the test of all of them; these are about the instrument itself
  "chaos.table": "npm run chaos prints a line for each fault and moment, all figures zero when nothing is wrong",
  "chaos.oracle": "the log is compared with what the model was sent and what the CLI said; each figure finds its fault",
  "chaos.seed": "a run's decisions follow from its seed",
  "chaos.faults": "faults enter at the composition roots and do what they say",
  "chaos.moments": "a moment is reached by a gate, not by a time",
  "chaos.idempotency": "an answer can be lost after the call was made, so that repeats are tried",

  // Worker
  "auth.flow": "discovery, registration, consent with PKCE, token and refresh work",
  "auth.sign_in_code": "no code, no sign-in, whatever host or address a request claims",
  "auth.challenge": "a missing, expired or wrong-audience token is answered 401 with WWW-Authenticate",
  "auth.consent_page": "the consent page names client and scopes, works without JavaScript and shields against forgery",
  "scale.hundred_sessions": "a hundred sessions at once deliver every event",
  "mcp.eras": "clients of both eras connect to the one endpoint",
  "mcp.header_repair": "the known header quirks of clients are repaired, each repair logged",
  "mcp.waits_stream": "a call that waits is answered as a stream, whose headers go out at once",
  "mcp.toolsets": "the address chooses toolsets; the default stays small",
  "mcp.tool_policy": "every tool keeps the rules for tools",
  "mcp.errors": "every answer to a person or a model is a message that we wrote",
  "tools.execute_claude": "execute_claude starts a turn and answers with session_id, turn_id, status and cursor",
  "tools.wait_for_session":
    "wait_for_session answers with status, turn, result and events, with progress while it waits",
  "tools.sessions": "sessions are listed, shown, interrupted and ended",
  "tools.projects": "projects are made, listed, deleted, and their files listed and read",
  "tools.runtime": "the claude binary is found and its updates are checked",
  "tools.resources": "sessions, configuration, events and project files are resources",
  "tools.ceiling": "permission_mode is cut to the ceiling; what would ask is denied and the answer says so",
  "health.answers": "/health answers",

  // Permission rules
  "permissions.rules":
    "rules in Claude Code's own syntax mean what they mean there; one that cannot be read is refused",
  "permissions.scopes": "the most restrictive rule that matches wins over all scopes, and the answer names it",
  "permissions.shell":
    "a shell command is allowed only when every simple command in it is; what is not understood is asked about",
  "permissions.skills":
    "what a skill may do unasked holds once its call runs, and not while or after a person refuses it",
  "permissions.files":
    "a path rule holds for the files of shell commands; where only running one tells the path, a person is asked",
  "permissions.cut": "an input that was cut on its way is never allowed by a rule with an argument",

  // Model gateway
  "gateway.admission": "the Session object is asked before each model request: runtime, model, eight at once",
  "gateway.passthrough":
    "what passes passes as it came, unbuffered, to messages and count_tokens alone, with the key added",
  "gateway.refusals": "oversize, mcp_servers, container, server tools and beta values that are not allowed are refused",
  "gateway.token": "a run token opens one route, for one session and runtime, for 15 minutes",
  "gateway.key_safety": "the provider's key is in no environment, argument or file of runner and CLI",
  "container.sealed": "from inside the sandbox no page, no sign-in and no MCP endpoint can be reached",
  "forwarder.routes": "the forwarder passes the model route and the runner's own, and answers 404 to everything else",

  // Bad input
  "bad_input.session_id": "an unknown and a foreign session_id get the same answer; a malformed one a clear one",
  "bad_input.cursor":
    "a cursor that is malformed, in the future or of another session gets a clear answer, by tool as by watch",
  "bad_input.prompt": "an empty and a 2 MB prompt get a clear answer and change nothing",
  "bad_input.project": "bad project names and git URLs get a clear answer",
  "bad_input.arguments": "wait_seconds 9999 and wrong types get a clear answer",
  "bad_input.http": "a bad Origin is answered 403, a 10 MB body 413",
  "bad_input.no_key": "without a model key the answer says what to do",
  "bad_input.sandbox_start": "a sandbox that does not start gets a clear answer",
  "bad_input.secrets": "secret or third-party text never appears in an error answer or a log line",

  // Scripted model
  "scripted_model.serves": "the scripted model speaks the Messages API as the CLI needs it",

  // Checkpoints
  "checkpoints.format": "entries, packs and manifests come back as written; a cut or unknown one is refused",
  "checkpoints.names": "paths are bytes: any name the disk takes is kept, shown in one line, and found again",
  "checkpoints.outside": "nothing outside the workspace is read or written, whatever a manifest says",
  "checkpoints.tree": "any tree, checkpointed, changed and restored, is the same tree by an independent walk",
  "checkpoints.peers": "each data loss that the neighbours are known for does not happen here",
  "checkpoints.unchanged": "what has not changed is neither read nor stored again; a racy time is not trusted",
  "checkpoints.ignore": ".berthignore leaves out what the project says; anything else that cannot be kept is named",
  "checkpoints.cut_off":
    "cut off at any step, the newest completed checkpoint is whole, no row names what is missing, a repeat finishes",
  "checkpoints.after_result":
    "a turn's result waits for no checkpoint; the next prompt waits only until every file was read",
  "checkpoints.bad_input":
    "foreign, deleted, cut or tampered checkpoints, full disks and busy workspaces get a clear answer and change nothing",
  "checkpoints.memory": "the runner's memory has a bound, whatever the tree",
  "checkpoints.plan": "a restore's plan says what would be written, changed and deleted",
  "checkpoints.restore":
    "a restore fetches only what differs, verifies it, writes beside and renames, deletes last; whole or by path",
  "checkpoints.backup": "a restore takes a backup first unless told not to",
  "checkpoints.conversation": "a restore with the conversation lets the next turn continue from there",
  "checkpoints.timeline": "checkpoints are a tree of rows with parent, author, turn, event, sizes, model and tokens",
  "checkpoints.strategies":
    "manual, per_turn, per_tool_use and smart take a checkpoint when they say so; every strategy keeps the files",
  "checkpoints.fork": "a fork is a branch or project of its own, with the conversation when asked",
  "checkpoints.branches": "branches are workspaces with sandboxes of their own: made, listed, worked in, deleted",
  "checkpoints.diff": "two checkpoints are compared without a sandbox: counts, renames, unified diffs by page",
  "checkpoints.read_file": "a file of a checkpoint is read without a sandbox",
  "checkpoints.export": "a checkpoint leaves as a tar.zst, the timeline as a git bundle",
  "checkpoints.verify": "verification reads everything back and names what is damaged",
  "checkpoints.retention": "retention keeps last, hourly, daily, weekly and tagged; a dry run says what would go",
  "checkpoints.sweep":
    "packs that nothing names go after a grace period, never under an upload or a checkpoint under way",
  "checkpoints.wake":
    "a fresh sandbox holds the head before a turn starts in it, and its first walk reads nothing again",
  "checkpoints.sleep": "a sandbox with files sleeps once they are kept",
  "checkpoints.fenced": "a replaced runtime can neither store nor read nor finish anything",
  "checkpoints.progress": "what takes longer than a second tells its progress in files and bytes",
  "checkpoints.isolation": "another person's checkpoints, branches and packs do not exist",

  // MCP servers for Claude
  "outbound.refused":
    "addresses that people enter are refused by their text unless they are plainly public, however they are written",
  "outbound.loopback": "loopback, and http to it, is asked only where local development says so",
  "outbound.resolved": "a name is refused unless all that it resolves to, right before the request, is public",
  "outbound.redirects":
    "redirects are followed by hand: each hop is judged, and nothing of ours goes to another origin",
  "outbound.limits": "answers that are too large, too slow or endless are cut",
  "secrets.sealed": "secrets lie encrypted, bound to team, place and name, under keys that can be replaced",
  "secrets.lifted": "a literal secret in a definition is taken out, and a reference stands there ever after",
  "secrets.scope": "a definition uses the secrets of its own scope alone",
  "secrets.stdio_refused": "a program in the sandbox is given no secret",
  "secrets.nowhere": "no value of a secret is found in the sandbox, in an event, a log, a result or a column",
  "secrets.page": "a person enters secrets on a page, signed in, and they are never shown again",
  "servers.built_in": "servers that are given to every team are the widest scope",
  "servers.pasted": "a pasted configuration is read entry by entry, and each that is left out says why",
  "servers.added": "a server is tested for real before it is kept, and a person confirms it",
  "servers.test": "what fails its test is not kept unless told to, and the answer says why in words of ours",
  "servers.guard": "adding, testing and signing in go through the guard",
  "servers.consent": "before a person agreed, no stored secret is sent and no program is started",
  "servers.proposal": "a change of a server that lets sessions do more is proposed, any other holds at once",
  "servers.stdio": "a program's tools are called by Claude in a session",
  "servers.remote": "remote servers over HTTP and SSE are used in sessions, at every scope",
  "servers.allow_list": "a server's tools that are not allowed are not called, and of a remote server not listed",
  "servers.off": "a server that is switched off stays off, also where the repository has one of its name",
  "servers.oauth": "a person signs in at a server once, through a link; its tokens go to its address alone",
  "servers.oauth_renewal": "tokens are renewed once however many need one, and a sign-in that is over is said to be",
  "proxy.token": "the proxy opens for one session and runtime, by a run token of its own route",
  "proxy.headers": "the proxy adds a server's headers, and passes nothing of the sandbox's that says who asks",
  "proxy.guard": "the proxy goes through the guard",
  "proxy.streams":
    "a stream ends at the server with its reader and with what cannot be passed on, and outlives other events",
  "proxy.relay": "Claude Code reaches remote servers through the runner, and holds no token",
  "hooks.formats":
    "Claude Code's hook format for all its events, and the short form; what is not known is refused with the reason",
  "hooks.matching": "matchers and rules choose the hooks of an event; where it cannot be told a hook runs",
  "hooks.environment": "a hook's command finds the event on standard input and in its environment variables",
  "hooks.dangerous": "a dangerous command is refused with the reason; what is not understood is said",
  "hooks.fire": "hooks fire for what happens in a turn, as the CLI's user, and are told as hook_executed",
  "hooks.scopes": "the hooks of team, person, project and session all run",
  "hooks.blocking": "a hook that exits with 2, or says so, blocks with its reason",
  "hooks.timeout": "a hook ends with its time, and with everything that it started",
  "hooks.parallel": "the hooks of an event run side by side, twins once",
  "hooks.http": "HTTP hooks leave by the edge alone, through the guard, to the session's own addresses",
  "hooks.gate_sees_input": "a tool runs with no input that the gate has not seen",
  "hooks.no_consent": "no hook agrees in a person's place",
  "hooks.own_hooks": "no settings file adds a hook or switches ours off",
  "hooks.repository": "a repository's own hooks run where a person let them, held to what configured ones are held to",
  "hooks.templates": "templates make hooks that are understood, and their values stay text",
  "hooks.test": "a confirmed hook is tried with a sample event, in the environment of a real one",
  "commands.read": "a command's Markdown and front matter are read as Claude Code reads them, within limits",
  "commands.run": "a slash command runs with its arguments",
  "commands.scopes": "commands of every scope are there, the narrower wins",
  "commands.inline_shell": "a command's inline shell does nothing that rules forbid or a turn leaves out",
  "skills.load": "a skill loads, and its files are there to run",
  "skills.scopes": "skills of every scope load, the narrower in place of the wider",
  "skills.import": "a skill comes from a zip or a git host, and a person confirms it",
  "skills.limits": "an archive is taken apart within limits, whatever it says of itself",
  "skills.paths": "no path of a skill leads out of its folder, or means two files",
  "agents.versions": "each change of an agent is a version, and what was a version stays one",
  "agents.name": "an agent's name means one agent in its team, whoever comes first",
  "agents.access": "another team's or person's agent looks as if it did not exist, and is changed by whose it is alone",
  "agents.consent":
    "what of an agent approves tools, runs hooks or comes from elsewhere holds once a person confirmed it",
  "agents.input": "what is no agent is refused with the reason",
  "agents.import": "an agent comes from Claude Code's and opcode's files, pinned to a commit, through the guard alone",
  "agents.export": "an agent goes out in both formats, and says what they have no place for",
  "agents.execute": "an execution has the agent's prompt, tools, model and rules in the real Claude Code",
  "agents.pinned": "an execution stays the version that it began as",
  "agents.budget": "each turn of an agent's session has the agent's default budget, unless it brings its own",
  "agents.sub_agent": "an agent is a sub-agent of other sessions",
  "agents.executions": "executions tell status, time, tokens, cost and result, and an agent how they went",
  "delegation.types": "each kind of delegated task has its own instructions, tools and form of answer",
  "delegation.consent": "a delegated task approves nothing by itself",
  "delegation.input": "a delegated task takes what its kind knows",
  "delegation.validated":
    "an answer is held to what its kind asks for: findings, counts, code that is there and parses",
  "delegation.run": "a delegated task runs in the real Claude Code with its kind's prompt, tools and schema",
  "prompts.list": "prompts are listed with their arguments, to clients of both eras",
  "prompts.file": "a prompt about a file brings it along from the project's head, without a sandbox",
  "prompts.input": "a prompt with wrong arguments is refused with the reason",
  "prompts.scopes": "a prompt asks for the scope that it takes, and names nothing to who lacks it",
  "prompts.completion": "projects, files and the few values of arguments are completed, nobody else's",
  "prompts.commands": "every saved slash command is a prompt, with its arguments in place",
  "resources.agents": "agents are resources",
  "resources.usage": "a day's usage is a resource",
  "team.priority": "of one person's waiting turns the most urgent goes first, and nobody overtakes others by it",
  // Telemetry
  "telemetry.traces":
    "a trace goes from the client's through the tool call, session and turn to tool calls and model requests",
  "telemetry.metrics": "what is measured is summed up in the team's object and pushed as OTLP, once",
  "telemetry.labels": "attributes of metrics are few, and no ids of sessions or turns",
  "telemetry.prometheus": "the sums of all teams are to be had as Prometheus' text, by a token alone",
  "telemetry.outage": "with the collector down nothing waits, and what is dropped is counted and said",
  "schedule.sweeps": "a sweep that fails keeps no other from its work, and fails the run",
  "telemetry.console": "for development, what is measured is told in log lines",
  "telemetry.off": "without anybody who would see it nothing is measured, and there is no /metrics",
  "telemetry.files": "the dashboard and the alert rules name metrics that exist",
  // Audit
  "audit.policy": "every tool that writes, and every one that hands something out, is in the audit log",
  "audit.recorded": "who did what to what, through which client, when, with which outcome and by whose decision",
  "audit.no_content": "no secret and no content of anybody's work gets into the audit log",
  "audit.chain": "each entry has one place in the team's chain, however many come at once or again",
  "audit.outage": "with D1 down entries are kept by the Team object, and D1 gets them in order later",
  "audit.closed": "what the log cannot be told of is not done; what nobody ended is said to be unknown",
  "audit.stopping": "what only stops or denies is done while the log is away, logged, and told once the log is back",
  "audit.verify": "a changed, removed, added or moved row and a cut tail are each found, and the first one is named",
  "audit.query": "an owner finds entries by time, person, client, action, target and outcome, page by page",
  "audit.visibility": "members read no audit log, and owners none of another team",
  "audit.export": "the log is to be had as a file with its hashes",
} as const;

// Sizes, counts and times that more than one machine must agree on. Each is defined here once.

/** A prompt's UTF-8 size at most. */
export const MAX_PROMPT_BYTES = 256 * 1024;
/** A row of the event log at most; what is larger lies in R2 and the row names it. */
export const MAX_EVENT_ROW_BYTES = 256 * 1024;
/** Entries that the runner sends in one call, together. */
export const MAX_BATCH_BYTES = 1024 * 1024;
/** One part of a large message's body on its way to R2. */
export const MAX_BODY_PART_BYTES = 4 * 1024 * 1024;
/** A large message's whole body. */
export const MAX_BODY_BYTES = 96 * 1024 * 1024;
/** A tool call waits at most this long; hosted clients give up after 45 to 60 seconds. */
export const MAX_WAIT_SECONDS = 40;
export const DEFAULT_WAIT_SECONDS = 30;
/** A request to the model at most. */
export const MAX_MODEL_REQUEST_BYTES = 32 * 1024 * 1024;
/** Requests to the model at once, per session. */
export const MAX_MODEL_REQUESTS_AT_ONCE = 8;
/** A request to the model that is under way is said to be so this often. */
export const MODEL_REQUEST_RENEW_MS = 30_000;
/** A run token opens its route for this long. */
export const RUN_TOKEN_TTL_SECONDS = 15 * 60;
/** The runner asks for a fresh run token when less than this is left. */
export const RUN_TOKEN_RENEW_SECONDS = 5 * 60;
/** While a turn runs the Session object looks after the runner at least this often. */
export const WATCH_INTERVAL_MS = 15_000;
/** A tool call that the object did not decide about by then is denied: below the ten minutes that Claude Code gives a hook. */
export const PERMISSION_DEADLINE_MS = 9 * 60_000;
/** What waits for a person may wait for this long at most; Claude Code itself sets no limit there. */
export const MAX_CONSENT_SECONDS = 60 * 60;
/** The object's limit is reached before the runner's, so that it is the object that says what became of a request. */
export const CONSENT_MARGIN_MS = 60_000;
/** A tool's input that somebody has to decide about; what is longer is shortened, and then nobody can agree to it. */
export const MAX_ASKED_INPUT_BYTES = 192 * 1024;
/** A CLI that says nothing for this long while no tool runs has lost its turn. */
export const SILENCE_SECONDS = 10 * 60;
/** A file of a project that is read in one call at most. */
export const MAX_FILE_READ_BYTES = 96 * 1024;
/** Files of a project listed in one page at most. */
export const MAX_FILES_PER_PAGE = 500;
/** Prompts that wait in one session at most. */
export const MAX_QUEUED_TURNS = 50;
/** A turn that gives no timeout may take this long. */
export const DEFAULT_TURN_TIMEOUT_SECONDS = 60 * 60;
export const MAX_TURN_TIMEOUT_SECONDS = 6 * 60 * 60;
/** One file that a prompt names: what create_upload takes, and what is read of a project. */
export const MAX_ATTACHMENT_BYTES = 5 * 1024 * 1024;
export const MAX_ATTACHMENTS = 10;
/** All files of one conversation, over its prompts: as base64 they have to fit into one request to the model. */
export const MAX_ATTACHMENTS_BYTES = 20 * 1024 * 1024;
/** An upload's ticket opens its one PUT for this long. */
export const UPLOAD_TICKET_TTL_MS = 10 * 60_000;
/** An upload is kept for this long. */
export const UPLOAD_TTL_MS = 24 * 60 * 60_000;
/** Uploads that one person may have at a time. */
export const MAX_UPLOADS_PER_USER = 200;
/** The JSON Schema that an answer is held to. */
export const MAX_OUTPUT_SCHEMA_BYTES = 32 * 1024;
export const MAX_OUTPUT_SCHEMA_DEPTH = 20;
/** An answer that was held to a schema, as JSON: it travels and is stored whole. */
export const MAX_STRUCTURED_BYTES = 64 * 1024;

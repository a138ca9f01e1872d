// Which variables a command may set without changing what other programs do. What is not known to be harmless is not.

/** Shown by many programs' manuals to switch colours, languages, logs and the like. */
const HARMLESS =
  /^(?:CI|DEBUG|FORCE_COLOR|NO_COLOR|CLICOLOR|TERM|TZ|LANG|LC_[A-Z]+|COLUMNS|LINES|NODE_ENV|PORT|HOST|LOG_LEVEL|VERBOSE|RUST_LOG|RUST_BACKTRACE|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|CGO_ENABLED|GOOS|GOARCH|GIT_TERMINAL_PROMPT)$/;
/** A script's own names are short and lower case; programs read `http_proxy` and `npm_config_…` too. */
const OWN_NAME = /^(?!.*_proxy$|npm_|pip_|cargo_|git_|docker_)[a-z][a-z0-9_]{0,30}$/;

export function isHarmlessVariable(name: string): boolean {
  return HARMLESS.test(name) || OWN_NAME.test(name);
}

export function variableHazard(name: string): string {
  return `it sets ${/^\w{1,64}$/.test(name) ? name : "a variable"}, which can change what programs do`;
}

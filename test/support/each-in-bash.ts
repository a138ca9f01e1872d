// A script that runs each command of its input, ended by NUL, in a Bash of its own.

/**
 * `timeout` leads a process group: what a command leaves running in the background, often a loop without end, goes with it.
 * `output`: redirections of what the commands write.
 */
export function eachInBash(output: string): string {
  const one = `timeout 2 bash --norc -c "$text" </dev/null ${output} & wait $!; kill -KILL -- -$! 2>/dev/null`;
  return `while IFS= read -r -d "" text; do ${one}; done; exit 0`;
}

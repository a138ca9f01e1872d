// The look of the pages for people: one style sheet, written into the page under a nonce.

export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #16202c; --soft: #5a6675; --paper: #f3f5f8; --card: #fff; --line: #d5dbe3; --accent: #0b5cad; --warn: #8a4b00; --bad: #a61b1b; --good: #1a6b33; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf3; --soft: #a3afbd; --paper: #10161d; --card: #19222c; --line: #344150; --accent: #6db1f5; --warn: #f0b45e; --bad: #ff8d8d; --good: #7fd69a; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 4vh 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 1.75rem 2rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
main.wide { max-width: 46rem; }
.top { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
.who { display: flex; gap: .6rem; align-items: baseline; color: var(--soft); font-size: .85rem; }
button.link { flex: none; padding: 0; border: 0; color: var(--accent); font-size: inherit; text-decoration: underline; }
.brand { margin: 0 0 1rem; color: var(--soft); font-weight: 600; }
h1 { margin: 0 0 1rem; font-size: 1.35rem; line-height: 1.3; font-weight: 500; overflow-wrap: anywhere; }
dl { margin: 0 0 1.25rem; } dt { color: var(--soft); font-size: .85rem; } dd { margin: 0 0 .75rem; overflow-wrap: anywhere; }
.warning { margin: .25rem 0 0; color: var(--warn); } .problem { padding: .6rem .8rem; border: 1px solid currentColor; border-radius: .4rem; color: var(--bad); }
fieldset { margin: 0 0 1.25rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem; } legend { padding: 0 .4rem; color: var(--soft); font-size: .85rem; }
.scope { display: flex; gap: .6rem; padding: .25rem 0; } .scope code { color: var(--soft); font-size: .8rem; white-space: nowrap; }
.code { display: block; } .code input { display: block; width: 100%; margin: .25rem 0; padding: .55rem .7rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--paper); color: inherit; font: inherit; }
small { color: var(--soft); }
.buttons { display: flex; gap: .75rem; margin-top: 1.5rem; } button { flex: 1; padding: .65rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; font: inherit; cursor: pointer; }
button.primary { border-color: var(--accent); background: var(--accent); color: var(--card); font-weight: 600; }
.block { margin: 0 0 1.25rem; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; }
.block figcaption { padding: .35rem .8rem; border-bottom: 1px solid var(--line); background: var(--paper); color: var(--soft); font-size: .85rem; }
.block pre { margin: 0; padding: .7rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.5 ui-monospace, monospace; tab-size: 4; }
.block.strong { border-color: var(--soft); } .block.strong pre { font-size: .95rem; }
.block pre.diff { padding-left: 0; padding-right: 0; } .diff span { display: block; padding: 0 .8rem; } .diff .gone { background: color-mix(in srgb, var(--bad) 14%, transparent); } .diff .new { background: color-mix(in srgb, var(--good) 16%, transparent); } .diff .same { color: var(--soft); }
.said { margin: -.5rem 0 1.25rem; color: var(--soft); font-size: .9rem; }
.facts { display: grid; grid-template-columns: minmax(6.5rem, auto) 1fr; gap: .35rem 1rem; padding-top: 1rem; border-top: 1px solid var(--line); } .facts dd { margin: 0; }
.soft, .hint { color: var(--soft); font-size: .85rem; } .prompt { margin: .25rem 0 0; padding-left: .7rem; border-left: 3px solid var(--line); color: var(--soft); font-size: .9rem; white-space: pre-wrap; }
.outcome { padding: .6rem .8rem; border-left: 4px solid currentColor; background: var(--paper); } .outcome.allowed { color: var(--good); } .outcome.denied { color: var(--bad); }
.choices { display: grid; gap: .6rem; margin-top: 1.5rem; } .choice { display: grid; grid-template-columns: 13rem 1fr; gap: .8rem; align-items: center; } .hint { margin: 0; }
code { overflow-wrap: anywhere; }
.deny { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line); } .deny .text { flex: 1 1 16rem; margin: 0; } .deny button { flex: 0 0 8rem; border-color: var(--bad); color: var(--bad); }
.text { display: block; margin: 0 0 1rem; color: var(--soft); font-size: .9rem; } .text input:not([type=checkbox]), .text select { display: block; width: 100%; margin-top: .25rem; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--paper); color: var(--ink); font: inherit; }
.question { margin: .25rem 0 .5rem; font-weight: 600; } .option { display: flex; gap: .6rem; padding: .3rem 0; } .option pre { white-space: pre-wrap; font-size: .85rem; }
@media (max-width: 34rem) { .choice, .facts { grid-template-columns: 1fr; } main { padding: 1.25rem; } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

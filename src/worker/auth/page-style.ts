// The look of the sign-in pages: one style sheet, written into the page under a nonce.

export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #16202c; --soft: #5a6675; --paper: #f3f5f8; --card: #fff; --line: #d5dbe3; --accent: #0b5cad; --warn: #8a4b00; --bad: #a61b1b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf3; --soft: #a3afbd; --paper: #10161d; --card: #19222c; --line: #344150; --accent: #6db1f5; --warn: #f0b45e; --bad: #ff8d8d; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 4vh 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 1.75rem 2rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
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
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

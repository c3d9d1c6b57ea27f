/** A style sheet made by script: a strict Content-Security-Policy forbids inline styles, not these. */
const css = `
:host {
  --background: var(--tlx-background, #ffffff);
  --text: var(--tlx-text, #1b1f24);
  --quiet: var(--tlx-quiet, #57606a);
  --line: var(--tlx-line, #838c96);
  --track: var(--tlx-track, #e6e9ed);
  --accent: var(--tlx-accent, #0b5fd0);
  --on-accent: var(--tlx-on-accent, #ffffff);
  --problem: var(--tlx-problem, #b3261e);
  display: block;
  box-sizing: border-box;
  max-width: 40rem;
  color-scheme: light;
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :host {
    --background: var(--tlx-background, #16191d);
    --text: var(--tlx-text, #e8eaed);
    --quiet: var(--tlx-quiet, #a9b1ba);
    --line: var(--tlx-line, #767f89);
    --track: var(--tlx-track, #2b3036);
    --accent: var(--tlx-accent, #7ab7ff);
    --on-accent: var(--tlx-on-accent, #0b1a2b);
    --problem: var(--tlx-problem, #ffb4ab);
    color-scheme: dark;
  }
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
.frame {
  display: grid;
  gap: 0.75rem;
  padding: 1rem;
  border: 1px solid var(--track);
  border-radius: 0.75rem;
  background: var(--background);
}
.stage {
  display: grid;
  place-items: center;
  min-height: 11rem;
  padding: 0.5rem;
  overflow: hidden;
  border: 2px dashed var(--line);
  border-radius: 0.5rem;
}
.stage.filled { border-style: solid; border-color: var(--track); }
.stage.over { border-style: solid; border-color: var(--accent); background: var(--track); }
.stage > canvas, .stage > video { display: block; max-width: 100%; max-height: 20rem; border-radius: 0.25rem; }
.stage > p { color: var(--quiet); text-align: center; }
p { margin: 0; }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.button {
  flex: 1 1 10rem;
  min-height: 2.75rem;
  padding: 0.5rem 1rem;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  background: transparent;
  color: inherit;
  font: inherit;
  text-align: center;
  align-content: center;
  cursor: pointer;
}
.button:hover { background: var(--track); }
.button.first { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.button.first:hover { text-decoration: underline; }
.button:focus-visible, input:focus-visible + .button { outline: 3px solid var(--accent); outline-offset: 2px; }
.actions, .frame { position: relative; }
input, .spoken { position: absolute; width: 1px; height: 1px; opacity: 0; overflow: hidden; pointer-events: none; }
progress { width: 100%; height: 0.5rem; accent-color: var(--accent); }
.status { color: var(--quiet); overflow-wrap: anywhere; }
.status.problem { color: var(--problem); padding-left: 0.75rem; border-left: 4px solid var(--problem); }
ol { display: grid; gap: 0.625rem; margin: 0; padding: 0; list-style: none; }
/* Taken out of the layout, not away: a region that comes with its text is not read out. */
.status:empty, ol:empty { position: absolute; }
li { display: grid; grid-template-columns: 1fr auto; gap: 0.125rem 1rem; }
li > .label { overflow-wrap: anywhere; }
li:first-child > .label { font-weight: 600; }
li > .share { font-variant-numeric: tabular-nums; }
li > .bar { grid-column: 1 / -1; height: 0.5rem; border-radius: 0.25rem; background: var(--track); overflow: hidden; }
li > .bar > span { display: block; height: 100%; width: var(--width); border-radius: inherit; background: var(--accent); }
@media (forced-colors: active) {
  li > .bar { border: 1px solid CanvasText; }
  li > .bar > span { background: Highlight; forced-color-adjust: none; }
}
`;

let sheet: CSSStyleSheet | undefined;

/** One for all elements of the page. */
export function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

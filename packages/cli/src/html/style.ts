/** The look of every page: one style sheet, light and dark, from a telephone to a printer. */

const light = `
--paper: #ffffff; --surface: #f5f6f8; --ink: #1a1e23; --soft: #555c66; --line: #d5dae1; --accent: #0a5bab;
--good: #14713f; --warn: #8a5300; --warn-paper: #fff5dc; --bad: #ad2018; --heat: #0b4f9c; --heat-ink: #ffffff;
--series-1: #0067b3; --series-2: #c04a00; --series-3: #007a58; --series-4: #9c3d79; --series-5: #806200; --series-6: #505a66;`;

const dark = `
--paper: #14171b; --surface: #1d2127; --ink: #e9ebee; --soft: #a9b1bb; --line: #383f49; --accent: #82bdff;
--good: #5fd193; --warn: #f1bd5b; --warn-paper: #2c2413; --bad: #ff8d83; --heat: #8cc4ff; --heat-ink: #0b1a2b;
--series-1: #62b1f6; --series-2: #ff9c5c; --series-3: #41cfa0; --series-4: #ee9fcb; --series-5: #e2c150; --series-6: #b6bfca;`;

export const style: string = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
.skip { position: absolute; left: -100rem; padding: 0.5rem 1rem; background: var(--paper); color: var(--accent); }
.skip:focus { left: 0.5rem; top: 0.5rem; z-index: 1; }
header, main, footer { max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2rem; }
h1 { font-size: clamp(1.5rem, 1.2rem + 1.6vw, 2.25rem); line-height: 1.2; margin: 0 0 0.5rem; letter-spacing: -0.01em; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 0.5rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 0.5rem; }
p { margin: 0 0 0.75rem; max-width: 46rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.lead { font-size: 1.1rem; }
.soft { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; margin: 1rem 0 0; padding: 0.6rem 0; border-block: 1px solid var(--line); font-size: 0.92rem; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { padding: 1.75rem 0; border-bottom: 1px solid var(--line); }
section > h2 { scroll-margin-top: 1rem; }
footer { padding: 1.25rem 1rem 3rem; color: var(--soft); font-size: 0.875rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.75rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
.tiles li { background: var(--surface); border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.7rem 0.9rem; }
.tiles .label { display: block; color: var(--soft); font-size: 0.85rem; }
.tiles .value { display: block; font-size: 1.55rem; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles .note { display: block; color: var(--soft); font-size: 0.85rem; }
.notice { border-left: 0.3rem solid var(--accent); background: var(--surface); border-radius: 0 0.4rem 0.4rem 0; padding: 0.7rem 0.9rem; margin: 0.75rem 0; max-width: 52rem; }
.notice.warn { border-color: var(--warn); background: var(--warn-paper); }
.notice p { margin: 0.25rem 0 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem 2rem; align-items: start; margin: 1rem 0; }
figure { margin: 0; max-width: 34rem; }
figure.wide { max-width: none; grid-column: 1 / -1; }
figcaption { font-weight: 600; font-size: 0.95rem; margin-bottom: 0.35rem; }
figcaption + p, .chart-note { font-size: 0.88rem; color: var(--soft); margin: 0 0 0.4rem; }
figure > svg, .scroll > svg { display: block; width: 100%; height: auto; }
.scroll > svg { min-width: 34rem; max-width: 50rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; list-style: none; margin: 0 0 0.25rem; padding: 0; font-size: 0.85rem; }
.legend svg { width: 1.9rem; height: 0.7rem; margin-right: 0.35rem; vertical-align: -0.05rem; }
details { margin: 0.5rem 0; font-size: 0.92rem; }
summary { cursor: pointer; color: var(--accent); padding: 0.25rem 0; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: 0.92rem; margin: 0.5rem 0; }
caption { text-align: left; color: var(--soft); font-size: 0.88rem; padding-bottom: 0.35rem; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
tbody th { font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name, .long { overflow-wrap: anywhere; }
table .name { overflow-wrap: break-word; }
.file { word-break: break-all; }
code, pre { font: 0.88em/1.5 ui-monospace, monospace; }
pre { background: var(--surface); border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.6rem 0.8rem; margin: 0.5rem 0 0.75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1rem; list-style: none; margin: 0.75rem 0; padding: 0; }
.pictures li { background: var(--surface); border: 1px solid var(--line); border-radius: 0.6rem; overflow: hidden; font-size: 0.85rem; }
.pictures .views { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 1px; background: var(--line); }
.pictures img { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: cover; background: var(--surface); }
.pictures .gone { display: grid; place-items: center; aspect-ratio: 2; color: var(--soft); padding: 0.5rem; text-align: center; }
.pictures .said { padding: 0.5rem 0.7rem 0.6rem; }
.pictures .said p { margin: 0; }
.bad { color: var(--bad); font-weight: 600; }
.good { color: var(--good); font-weight: 600; }
.meter { display: inline-block; width: 5rem; height: 0.6rem; background: var(--line); border-radius: 0.3rem; overflow: hidden; vertical-align: 0.02rem; }
.meter i { display: block; height: 100%; background: var(--series-1); }
@media (max-width: 30rem) { header { padding-top: 1.25rem; } section { padding: 1.25rem 0; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  :root { color-scheme: light; ${light} }
  body { font-size: 10pt; }
  nav, .skip, details:not([open]) { display: none; }
  figure, tr, .pictures li, .tiles li, .notice { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  * { print-color-adjust: exact; }
}
`;

/**
 * A page that is one file: no script, no request, and a Content-Security-Policy that would stop both.
 * It follows the reader's light or dark setting and prints in light.
 */
import { type Html, html, markupOf, trustMarkup } from "./html.js";
import { style } from "./style.js";

export interface Section {
  /** For links to it: lowercase letters and dashes. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export interface Page {
  readonly title: string;
  /** Below the title: what the page says in a sentence or two, with tiles and notices. */
  readonly lead: Html;
  readonly sections: readonly Section[];
  readonly foot: Html;
}

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'" as const;

/** The whole file. */
export const formatPage = ({ title, lead, sections, foot }: Page): string =>
  markupOf(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trustMarkup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trustMarkup(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${title}</h1>
${lead}
<nav aria-label="Parts of this page"><ul>${sections.map((s) => html`<li><a href="#${s.id}">${s.title}</a></li>`)}</ul></nav>
</header>
<main id="content">
${sections.map(
  ({ id, title: heading, body }) => html`<section aria-labelledby="${id}">
<h2 id="${id}">${heading}</h2>
${body}
</section>
`,
)}</main>
<footer>${foot}</footer>
</body>
</html>
`);

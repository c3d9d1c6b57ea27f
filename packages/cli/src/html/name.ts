import { printableName } from "../printable.js";
import { type Html, html } from "./html.js";

/** At most `most` characters, the end of a long text left out; those that no one sees are spelled out. */
export function shorten(text: string, most: number): string {
  const shown = printableName(text);
  const characters = [...shown];
  return characters.length <= most ? shown : `${characters.slice(0, most - 1).join("")}…`;
}

/** A name of the user's, kept short; the whole of it is shown on pointing at it. */
export const name = (text: string, most = 32): Html =>
  [...text].length <= most
    ? html`<span class="name">${text}</span>`
    : html`<span class="name" title="${text}">${shorten(text, most)}</span>`;

/** The path of a file: what tells files apart stands at its end. */
export function fileName(path: string, most = 36): Html {
  const characters = [...path];
  if (characters.length <= most) return html`<span class="file">${path}</span>`;
  return html`<span class="file" title="${path}">…${characters.slice(1 - most).join("")}</span>`;
}

/**
 * HTML in which nothing that was interpolated is markup.
 *
 *   html`<td title="${file}">${name}</td>`
 *
 * Text and numbers are escaped for text and for quoted attributes; lists are joined; undefined, null and false leave nothing.
 * Only what `html` itself has made goes in as it is. Never interpolate into a style, a script or an unquoted attribute.
 */
import { printable } from "../printable.js";

const made: unique symbol = Symbol("html");

/** Markup that may stand in a page. */
export interface Html {
  readonly [made]: string;
}

export type HtmlValue = string | number | Html | undefined | null | false | readonly HtmlValue[];

const entities: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;" },
  ...{ '"': "&quot;", "'": "&#39;", "`": "&#96;" },
};

/** Characters that turn the direction of text, or that no one sees, are spelled out too. */
export const escapeHtml = (text: string): string => printable(text).replace(/[&<>"'`]/g, (c) => entities[c] as string);

function render(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  return made in value ? value[made] : value.map(render).join("");
}

export const html = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html => ({
  [made]: strings.map((text, i) => (i === 0 ? text : render(values[i - 1]) + text)).join(""),
});

/** Markup of a program that escapes what it is given: a chart's SVG, our own style sheet. Never of a user's text. */
export const trustMarkup = (markup: string): Html => ({ [made]: markup });

/** The text of a page. */
export const markupOf = (page: Html): string => page[made];

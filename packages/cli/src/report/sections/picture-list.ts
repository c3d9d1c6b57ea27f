import path from "node:path";
import { type Html, html } from "../../html/html.js";
import { fileName } from "../../html/name.js";
import type { ShownPicture } from "../show-pictures.js";

export interface ListedPicture {
  readonly file: string;
  readonly picture: ShownPicture | undefined;
  /** What is said of it. */
  readonly said: Html;
}

/** As it is below the folder of the pictures, where it is. */
export function placeOf(file: string, root: string | undefined): string {
  const place = root === undefined ? file : path.relative(root, file);
  return place.startsWith("..") ? file : place;
}

const view = (address: string, alt: string): Html => html`<img src="${address}" alt="${alt}" width="176" height="176">`;

export const pictureList = (pictures: readonly ListedPicture[], root: string | undefined): Html =>
  html`<ul class="pictures">${pictures.map(({ file, picture, said }) => {
    const place = placeOf(file, root);
    const shown = picture
      ? html`<div class="views">${view(picture.seen, place)}${picture.heat && view(picture.heat, `What speaks for it in ${place}`)}</div>`
      : html`<div class="gone">not there any more</div>`;
    return html`<li>${shown}<div class="said">${said}<p class="soft">${fileName(place)}</p></div></li>`;
  })}</ul>`;

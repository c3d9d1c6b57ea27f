/** Small views of pictures. They are decoded at their size, away from the page's thread. */
import { make } from "./make.js";

const SIDE = 96;

/** Of the first pictures that the browser can show; one that it cannot is left out. */
export function thumbnails(files: readonly Blob[], most: number): HTMLElement {
  const row = make("div", { class: "thumbnails", "aria-hidden": "true" });
  void fill(row, files.slice(0, most));
  return row;
}

async function fill(row: HTMLElement, files: readonly Blob[]): Promise<void> {
  for (const file of files) {
    const bitmap = await createImageBitmap(file, { resizeHeight: SIDE, resizeQuality: "medium" }).catch(
      () => undefined,
    );
    if (!bitmap) continue;
    const canvas = make("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
    row.append(canvas);
  }
}

/** All pictures below a folder, whatever they show. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { check } from "@tlx/kernels";
import { isPicture, type Skipped } from "../class-folders.js";
import { quoteName } from "../quote-name.js";
import { list, openRoot } from "./image-folder.js";

/**
 * Paths in code-point order, equal for equal folders. Links are followed as long as they stay in the folder; what a link leads
 * back to is read once. Throws E_DATA for a folder that cannot be read or holds none.
 */
export async function pictureFiles(dir: string): Promise<string[]> {
  const root = await openRoot(dir);
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const seen = new Set<string>();
  const read = async (folder: string): Promise<void> => {
    const place = await realpath(folder);
    if (seen.has(place)) return;
    seen.add(place);
    for (const { name, kind } of await list(folder, root, skipped)) {
      const path = join(folder, name);
      if (kind === "folder") await read(path);
      else if (isPicture(name)) files.push(path);
    }
  };
  await read(dir);
  check(
    files.length > 0,
    "E_DATA",
    () => `folder ${quoteName(dir)}: expected pictures (.jpg, .png, .webp) in it or below, found none; check the path`,
  );
  return files;
}

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../../weights/node/cache-folder.js";
import { featureFolder } from "./disk-store.js";

/** What the features in the cache take. */
export interface FeatureCacheSize {
  readonly folder: string;
  /** Feature keys: networks, preprocessings, devices. */
  readonly keys: number;
  readonly bytes: number;
}

/** Measures the features in the cache folder; a folder that is not there is empty. */
export async function featureCacheSize(cache: string = cacheFolder()): Promise<FeatureCacheSize> {
  const folder = featureFolder(cache);
  const names = await readdir(folder).catch(() => []);
  const bytes = await Promise.all(names.map((name) => folderBytes(join(folder, name))));
  return { folder, keys: names.length, bytes: bytes.reduce((a, b) => a + b, 0) };
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    // What went away meanwhile takes nothing.
    bytes += await stat(join(folder, name)).then(
      (s) => s.size,
      () => 0,
    );
  }
  return bytes;
}

import { join } from "node:path";
import { check } from "@tlx/kernels";
import envPaths from "env-paths";
import type { WeightsCard } from "../source.js";

/** Where tlx keeps what it can get again: TLX_CACHE, or else the cache folder of the platform. */
export const cacheFolder = (): string => process.env.TLX_CACHE || envPaths("tlx", { suffix: "" }).cache;

/** Endings of files that hold weights whole, in the order in which the cache is searched. */
const endings = [".safetensors", ".pth", ".pt", ".npz"];

/** ".pth" of a path or address that ends like a file of weights; undefined of others. */
export function endingOf(path: string): string | undefined {
  const lower = path.toLowerCase();
  return endings.find((ending) => lower.endsWith(ending));
}

/** The card's file name with the ending of what is put there: no server has a say in the rest. */
export function nameInCache(card: WeightsCard, from: string | undefined = card.url): string {
  check(
    /^[A-Za-z0-9][\w.-]*$/.test(card.file),
    "E_USAGE",
    () => `model card: expected a plain file name, found ${JSON.stringify(card.file)}`,
  );
  const ending = from === undefined ? undefined : endingOf(from);
  const own = endingOf(card.file);
  return ending === undefined || own === undefined ? card.file : card.file.slice(0, -own.length) + ending;
}

/** Where the cache may have the weights: as they come from the card's address, as the card names them, in other formats. */
export function cachedFiles(card: WeightsCard, cacheDir: string = cacheFolder()): readonly string[] {
  const names = [nameInCache(card), card.file, ...endings.map((ending) => nameInCache(card, ending))];
  return [...new Set(names)].map((name) => join(cacheDir, "weights", name));
}

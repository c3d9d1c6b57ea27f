/**
 * Patterns over the dotted paths of params.
 *
 *   features.3            a module or a param, and everything below it
 *   features.14-18.**     a-b: a segment that is a number from a to b
 *   features.*.weight     *: any characters of one segment
 *   **.bias               **: any number of segments, also none
 */
import { TlxError } from "@tlx/kernels";
import { nearestNames } from "../nearest-name.js";

export interface Pattern {
  /** As it was typed. */
  readonly text: string;
  matches(path: string): boolean;
}

/** Does one segment of a path fit; "**" stands for any number of them. */
type Segment = "**" | ((name: string) => boolean);

const SHOWN = 3;

/** Is `items` what `pattern` says, where `star` stands for any number of items? Goes back to the last star only: that is enough. */
function fits<P, T>(
  pattern: readonly P[],
  items: readonly T[],
  star: P,
  equal: (part: P, item: T) => boolean,
): boolean {
  let [part, item, lastStar, taken] = [0, 0, -1, 0];
  while (item < items.length) {
    if (pattern[part] === star) {
      lastStar = part++;
      taken = item;
    } else if (part < pattern.length && equal(pattern[part] as P, items[item] as T)) {
      part++;
      item++;
    } else if (lastStar >= 0) {
      part = lastStar + 1;
      item = ++taken;
    } else {
      return false;
    }
  }
  return pattern.slice(part).every((rest) => rest === star);
}

function parseSegment(text: string, refuse: (why: string) => never): Segment {
  if (text === "") return refuse("found an empty name between its dots");
  if (text === "**") return text;
  if (text.includes("**")) return refuse(`found "${text}"; ** stands alone between dots`);
  const range = /^(\d+)-(\d+)$/.exec(text);
  if (range) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    if (from > to) return refuse(`found "${text}", a range that ends before it begins`);
    return (name) => /^\d+$/.test(name) && Number(name) >= from && Number(name) <= to;
  }
  return (name) => fits([...text], [...name], "*", (a, b) => a === b);
}

/** Throws E_USAGE in the name of `setting` for a text that is no pattern. */
export function parsePattern(text: string, setting: string): Pattern {
  const refuse = (why: string): never => {
    throw new TlxError(
      "E_USAGE",
      `${setting}: expected a pattern such as "features.14-18.**" or "classifier", ${text === "" ? "found nothing" : `in "${text}" ${why}`}`,
    );
  };
  if (text === "") refuse("");
  if (text.startsWith("!")) refuse("found !, which has no meaning here; leave layers out with --freeze");
  const segments = text.split(".").map((part) => parseSegment(part, refuse));
  // A name without stars takes in what is below it.
  if (!text.includes("*")) segments.push("**");
  const equal = (segment: Segment, name: string): boolean => segment !== "**" && segment(name);
  return { text, matches: (path) => fits(segments, path.split("."), "**", equal) };
}

/** The patterns of a list with commas, none of an empty text. Throws E_USAGE. */
export function parsePatterns(list: string, setting: string): Pattern[] {
  if (list.trim() === "") return [];
  return list.split(",").map((text) => parsePattern(text.trim(), setting));
}

/** Is `path` at `module` or below it? */
export const isWithin = (path: string, module: string): boolean => path === module || path.startsWith(`${module}.`);

/** Every module and param: "features", "features.0", "features.0.weight". */
function modulesOf(paths: readonly string[]): string[] {
  const all = new Set<string>();
  for (const path of paths) {
    const names = path.split(".");
    names.forEach((_, i) => void all.add(names.slice(0, i + 1).join(".")));
  }
  return [...all];
}

/** The paths that `pattern` matches, in their order. Throws E_USAGE with the nearest names there are when it matches none. */
export function selectPaths(pattern: Pattern, paths: readonly string[], setting: string): string[] {
  const found = paths.filter((path) => pattern.matches(path));
  if (found.length > 0) return found;
  const below = parsePattern(`${pattern.text}.**`, setting);
  const advice = paths.some((path) => below.matches(path))
    ? `it names modules; for what is in them write "${below.text}"`
    : `did you mean ${nearestNames(pattern.text.replace(/(\.\*+)+$/, ""), modulesOf(paths), SHOWN)
        .map((name) => `"${name}"`)
        .join(", ")}?`;
  throw new TlxError("E_USAGE", `${setting}: "${pattern.text}" matches no param of this network; ${advice}`);
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDeb822, parseList } from "./apt-sources.mjs";
import { parseRelease } from "./system-packages.mjs";

const folder = "/etc/apt/sources.list.d";

/**
 * This machine, as the plans want to know it.
 * @returns {import("./system-packages.mjs").Machine}
 */
export function thisMachine() {
  const parts = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const sources = ["/etc/apt/sources.list", ...parts].flatMap((path) => {
    if (!existsSync(path)) return [];
    if (path.endsWith(".sources")) return parseDeb822(readFileSync(path, "utf8"));
    return path.endsWith(".list") ? parseList(readFileSync(path, "utf8")) : [];
  });
  const release = existsSync("/etc/os-release") ? parseRelease(readFileSync("/etc/os-release", "utf8")) : {};
  return { platform: process.platform, release, root: process.getuid?.() === 0, sources };
}

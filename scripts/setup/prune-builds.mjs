import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** Deletes what was built from sources that are gone: neither tsc nor turbo does, and it would be packed. */
export function pruneBuilds() {
  const packages = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  for (const folder of [...packages, join(root, "bench")]) {
    const dist = join(folder, "dist");
    if (!existsSync(dist)) continue;
    for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
      const built = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(file);
      if (built && !existsSync(join(folder, "src", `${built[1]}.ts`))) rmSync(join(dist, file));
    }
  }
}

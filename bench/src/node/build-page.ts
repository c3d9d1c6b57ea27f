/** Part of the package's build: dist/page, which any server can serve. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { PagePlace } from "../suite/page-protocol.js";
import { bundle } from "./bundle-page.js";
import { pageFolder } from "./page-server.js";

const sources = fileURLToPath(new URL("../../src/page/", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const codes = await Promise.all(
  ["page", "worker"].map(async (name) => [name, await bundle(path.join(sources, `${name}.ts`))]),
);
rmSync(pageFolder, { recursive: true, force: true });
mkdirSync(pageFolder, { recursive: true });
for (const [name, code] of codes) writeFileSync(path.join(pageFolder, `${name}.js`), code!);
for (const name of ["page.html", "page.css"]) copyFileSync(path.join(sources, name), path.join(pageFolder, name));
copyFileSync(new URL("../../schema/result.schema.json", import.meta.url), path.join(pageFolder, "result.schema.json"));
const place: PagePlace = { commit: "unknown", tlx: version, peers: [], results: [] };
writeFileSync(path.join(pageFolder, "place.json"), JSON.stringify(place));

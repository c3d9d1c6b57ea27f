#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";

module.enableCompileCache?.(); // Node 22: what V8 compiled is kept for the next start
const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(main)) {
  process.exitCode = await (await import(main.href)).main();
} else {
  console.error("tlx: this is a source tree that has not been built yet; run: npm run build");
  process.exitCode = 1;
}

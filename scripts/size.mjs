/**
 * npm run size: set-up, then what a page with tlx loads: minified, with gzip, weights aside, beside what it may take.
 * Exit code 1: a page takes more.
 */
import { measurePages } from "../bench/dist/node.js";

for (const { name, bytes, limit } of await measurePages()) {
  const above = bytes > limit;
  console.log(`${name}: ${bytes} bytes, at most ${limit}${above ? ": too large" : ""}`);
  if (above) process.exitCode = 1;
}

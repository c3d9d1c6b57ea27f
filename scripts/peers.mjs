/**
 * Installs the other runtimes of the bench (bench/peers, with a lock file of its own): they are too large to come with every
 * clone. Exit code 1: npm failed.
 */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { installLocked } from "./setup/install-locked.mjs";
import { root } from "./setup/run.mjs";

const folder = "bench/peers";

/**
 * @param {string} path
 * @returns {number} bytes
 */
function sizeOf(path) {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => lstatSync(join(path, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

const failure = installLocked(folder, (missing) =>
  console.error(`peers: npm ci in ${folder}, about 900 MB (first: ${missing})`),
);
if (failure === undefined) {
  const mb = Math.round(sizeOf(join(root, folder, "node_modules")) / 1e6);
  console.error(`peers: ${folder}/node_modules is as locked, ${mb} MB; delete that folder when you need them no more`);
} else {
  console.error(`peers: npm ci failed:\n${failure}`);
  process.exitCode = 1;
}

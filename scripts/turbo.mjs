// Runs turbo with the repository's settings: nothing is sent anywhere, and nothing is written outside node_modules.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pruneBuilds } from "./setup/prune-builds.mjs";
import { root } from "./setup/run.mjs";

pruneBuilds();
const require = createRequire(import.meta.url);
const turbo = require.resolve("turbo/bin/turbo");
const done = spawnSync(process.execPath, [turbo, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    DO_NOT_TRACK: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    TURBO_CONFIG_DIR_PATH: join(root, "node_modules/.cache/turbo-config"),
  },
});
process.exitCode = done.status ?? 1;

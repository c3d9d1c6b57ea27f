import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.mjs";

const options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
const keepConfiguration = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"];

/**
 * Installs with apt-get, asking nothing. An extra source is given to these two commands only, in a temporary copy of the
 * machine's source folder, so its configuration stays as it was.
 * @param {{ install: string[], extraSource?: string, suite?: string }} plan
 * @returns {string | undefined} what went wrong
 */
export function aptInstall({ install, extraSource, suite }) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const parts = extraSource ? mkdtempSync(join(tmpdir(), "tlx-apt-")) : undefined;
  try {
    const where = parts ? ["-o", `Dir::Etc::SourceParts=${parts}`] : [];
    if (parts) {
      if (existsSync("/etc/apt/sources.list.d")) cpSync("/etc/apt/sources.list.d", parts, { recursive: true });
      writeFileSync(join(parts, "tlx-backports.sources"), /** @type {string} */ (extraSource));
    }
    // A broken source that has nothing to do with us makes update fail: what counts is whether install works.
    const update = run("apt-get", [...options, ...where, "update"], { env });
    const from = suite ? ["-t", suite] : [];
    const args = [
      ...options,
      ...keepConfiguration,
      ...where,
      ...from,
      "install",
      "--no-install-recommends",
      ...install,
    ];
    const installed = run("apt-get", args, { env });
    return installed.ok ? undefined : `${update.ok ? "" : update.output}${installed.output}`;
  } finally {
    if (parts) rmSync(parts, { recursive: true, force: true });
  }
}

import { backportsSource } from "./apt-sources.mjs";

/**
 * What decides how a system package is installed.
 * @typedef {object} Machine
 * @property {string} platform as process.platform
 * @property {Record<string, string>} release fields of /etc/os-release
 * @property {boolean} root
 * @property {readonly import("./apt-sources.mjs").AptSource[]} sources
 */

/**
 * Either what apt-get shall install (`extraSource` and `suite` where the release's own version does not do), or what to
 * tell the user to do.
 * @typedef {{ install: string[], extraSource?: string, suite?: string } | { tell: string }} Plan
 */

const drivers = ["mesa-vulkan-drivers", "libvulkan1"];

/**
 * How to get a WebGPU adapter on a machine that has none: Mesa's software adapter, lavapipe.
 * @param {Machine} machine
 * @returns {Plan}
 */
export function planDriver(machine) {
  if (machine.platform !== "linux")
    return { tell: "update the driver of the graphics card: this system brings WebGPU's native interface itself" };
  const family = familyOf(machine.release);
  if (!family) return { tell: "install Mesa's Vulkan drivers (lavapipe, version 23 or newer) and the Vulkan loader" };
  if (!needsBackports(machine.release))
    return machine.root ? { install: drivers } : { tell: command(`apt-get install -y ${drivers.join(" ")}`) };
  const codename = machine.release.VERSION_CODENAME;
  const extraSource = backportsSource(machine.sources, codename);
  const suite = `${codename}-backports`;
  if (machine.root && extraSource !== undefined)
    return { install: drivers, suite, ...(extraSource && { extraSource }) };
  const install = command(`apt-get install -y -t ${suite} ${drivers.join(" ")}`);
  if (extraSource === "") return { tell: install };
  const lines = extraSource ?? `Types: deb\nURIs: <your Debian mirror>\nSuites: ${suite}\nComponents: main\n`;
  return {
    tell: `put these lines into /etc/apt/sources.list.d/backports.sources (Debian 12's own Mesa is too old):\n${lines}then ${install}`,
  };
}

/**
 * How to get a Chromium for the browser tests.
 * @param {Machine} machine
 * @returns {Plan}
 */
export function planChromium(machine) {
  const family = familyOf(machine.release);
  if (machine.platform !== "linux" || family !== "debian") return { tell: "install Chromium or Google Chrome" };
  return machine.root ? { install: ["chromium"] } : { tell: command("apt-get install -y chromium") };
}

/** @param {string} install */
const command = (install) => `run: sudo apt-get update && sudo ${install}`;

/**
 * Ubuntu's `chromium` package is an empty one that points to the snap store, so the two are told apart.
 * @param {Record<string, string>} release
 * @returns {"debian" | "ubuntu" | undefined}
 */
function familyOf(release) {
  const ids = [release.ID, ...(release.ID_LIKE ?? "").split(" ")];
  if (ids.includes("ubuntu")) return "ubuntu";
  return ids.includes("debian") ? "debian" : undefined;
}

/** Dawn refuses lavapipe of Debian 12 (Mesa 22.3); later releases have a newer one. @param {Record<string, string>} release */
const needsBackports = (release) => release.ID === "debian" && release.VERSION_ID === "12";

/**
 * @param {string} text of /etc/os-release
 * @returns {Record<string, string>}
 */
export function parseRelease(text) {
  const pairs = [...text.matchAll(/^(\w+)=(["']?)(.*)\2$/gm)];
  return Object.fromEntries(pairs.map(([, name, , value]) => [name, value]));
}

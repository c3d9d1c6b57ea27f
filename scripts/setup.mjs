/**
 * Makes a fresh clone ready to run: dependencies, build, a WebGPU adapter, and with --browser a Chromium for the browser
 * tests. Needs Node and npm only, asks nothing, skips what is done already. Exit codes: 1 failed, 4 no adapter.
 */
import { aptInstall } from "./setup/apt.mjs";
import { findChromium } from "./setup/find-chromium.mjs";
import { installLocked } from "./setup/install-locked.mjs";
import { thisMachine } from "./setup/machine.mjs";
import { run } from "./setup/run.mjs";
import { planChromium, planDriver } from "./setup/system-packages.mjs";

/** @param {string} line */
const say = (line) => console.error(`setup: ${line}`);

/**
 * @param {string} line
 * @param {number} [code]
 * @returns {never}
 */
function stop(line, code = 1) {
  say(line);
  process.exit(code);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    stop(`Node ${process.versions.node} is too old: install Node 20.19 or newer`);
}

function installDependencies() {
  const failure = installLocked(".", (missing) =>
    say(`npm ci: the dependencies are not those of package-lock.json (first: ${missing})`),
  );
  if (failure !== undefined) stop(`npm ci failed:\n${failure}`);
}

function build() {
  say("build: compile what changed since the last build");
  const done = run(process.execPath, ["scripts/turbo.mjs", "run", "build", "--output-logs=errors-only"]);
  if (!done.ok) stop(`the build failed:\n${done.output}`);
}

function provideAdapter() {
  const probe = () => run(process.execPath, ["scripts/setup/probe-adapter.mjs"]);
  const first = probe();
  if (first.ok) return;
  const plan = planDriver(thisMachine());
  if ("tell" in plan) stop(`no WebGPU adapter, which everything here needs:\n${first.output}setup: ${plan.tell}`, 4);
  say(`apt-get install ${plan.install.join(" ")}: no WebGPU adapter found, this adds Mesa's software one`);
  const failure = aptInstall(plan);
  if (failure) stop(`apt-get failed, so there is no WebGPU adapter:\n${failure}`, 4);
  const second = probe();
  if (!second.ok) stop(`still no WebGPU adapter with Mesa's software one installed:\n${second.output}`, 4);
}

function provideBrowser() {
  if (findChromium()) return;
  const plan = planChromium(thisMachine());
  if ("tell" in plan) return say(`no Chromium, so the browser tests cannot run; ${plan.tell}`);
  say(`apt-get install ${plan.install.join(" ")}: no Chromium found, the browser tests need one`);
  const failure = aptInstall(plan);
  if (failure) say(`apt-get failed, so the browser tests cannot run:\n${failure}`);
}

checkNode();
installDependencies();
build();
provideAdapter();
if (process.argv.includes("--browser")) provideBrowser();

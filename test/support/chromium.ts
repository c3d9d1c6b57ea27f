/** Debian's Chromium with its software adapter, for tests of pages. */
import { type Browser, chromium, type LaunchOptions } from "playwright-core";
import { findChromium } from "../../scripts/setup/find-chromium.mjs";

const executablePath = findChromium();
const args = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--use-fake-device-for-media-stream",
];

export const browserOptions: LaunchOptions = { executablePath, args };

/** Without a browser the tests fail where CI is set, and are left out elsewhere. */
export const maySkip: boolean = !executablePath && !process.env.CI;
if (maySkip) process.stderr.write("skipped: browser tests, there is no Chromium; npm run setup -- --browser\n");

/** Throws where there is none. */
export async function launchChromium(): Promise<Browser> {
  if (!executablePath) throw new Error("there is no Chromium; run: npm run setup -- --browser");
  return chromium.launch(browserOptions);
}

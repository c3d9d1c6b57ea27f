import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const places = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].map((name) =>
    join(process.env[name] ?? "", "Google/Chrome/Application/chrome.exe"),
  ),
};

/**
 * Path of the Chromium or Chrome that browser tests use: `TLX_CHROMIUM` or the first of the usual names.
 * @returns {string | undefined}
 */
export function findChromium() {
  if (process.env.TLX_CHROMIUM) return process.env.TLX_CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const fixed = process.platform === "darwin" || process.platform === "win32" ? places[process.platform] : [];
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...fixed].find(canRun);
}

/** @param {string} path */
function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

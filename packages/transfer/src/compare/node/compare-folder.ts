/**
 * The folder of a comparison:
 *
 *   config.json           what all its trainings have in common, from the start
 *   trainings/NAME.json   one finished training each, written whole or not at all
 *   compare.json, ...     what was made of them
 *   run.lock              as long as a process works there
 *
 * A killed process leaves every finished training; whoever opens the folder again goes on with the next.
 *
 * Throws   E_USAGE for a folder that holds anything else or is in use, E_DATA naming the path that cannot be written
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { z } from "zod";
import { readJson } from "../../run/node/read-json.js";
import { LOCK, lockContent, releaseLock, takeLock } from "../../run/node/run-lock.js";
import { replaceFile, writeFailure } from "../../run/node/write-file.js";
import { writeFolder } from "../../run/node/write-folder.js";
import { CONFIG, jsonFile } from "../../run/run-files.js";
import { compareIdentity } from "../../train/compare-identity.js";

type Json = Readonly<Record<string, unknown>>;

const TRAININGS = "trainings";

/** Who made the folder, in config.json. */
const FORMAT = "tlx-compare";

/** "mobilenet-v2 last:3 1" -> "mobilenet-v2-last-3-1.json" */
const fileOf = (name: string): string => path.join(TRAININGS, `${name.replace(/[^\w.]+/g, "-")}.json`);

export class CompareFolder {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes `folder`, or takes up the comparison that it holds. `common` decides the results of all trainings. */
  static async open(folder: string, common: Json): Promise<CompareFolder> {
    try {
      const names = await readdir(folder).catch((): string[] => []);
      const config = jsonFile({ format: FORMAT, ...common });
      if (names.length === 0) {
        await writeFolder(folder, [
          [LOCK, lockContent()],
          [CONFIG, config],
        ]);
      } else {
        const changed = await CompareFolder.differences(folder, common);
        if (changed.length > 0) {
          throw new TlxError(
            "E_USAGE",
            `compare: "${folder}" holds a comparison of something else (${changed.join(", ")}); name another folder`,
          );
        }
        await takeLock(folder);
      }
      await mkdir(path.join(folder, TRAININGS), { recursive: true });
      return new CompareFolder(folder);
    } catch (error) {
      throw writeFailure(folder, error);
    }
  }

  /** What of `common` is otherwise in the comparison of `folder`, by name; none where there is nothing yet. */
  static async differences(folder: string, common: Json): Promise<string[]> {
    const names = await readdir(folder).catch((error): string[] => {
      if (error.code === "ENOENT") return [];
      throw new TlxError("E_USAGE", `compare: expected a folder at "${folder}", found none (${error.code})`);
    });
    if (names.length === 0) return [];
    const found = names.includes(CONFIG)
      ? await readJson(path.join(folder, CONFIG), z.record(z.string(), z.unknown()), "a configuration")
      : {};
    if (found.format !== FORMAT) return ["no comparison"];
    return differingPaths({ format: FORMAT, ...common }, found);
  }

  /** The training of this name, where it is finished and was given the same `identity`. */
  async read(name: string, identity: Json): Promise<Json | undefined> {
    try {
      const found = JSON.parse(await readFile(path.join(this.folder, fileOf(name)), "utf8"));
      return differingPaths(identity, found.identity).length === 0 ? found.training : undefined;
    } catch {
      return undefined; // none, or none that can be used: it is trained again
    }
  }

  /** Keeps a finished training. */
  async write(name: string, identity: Json, training: object): Promise<void> {
    await replaceFile(path.join(this.folder, fileOf(name)), jsonFile({ identity, training }));
  }

  /** Writes a file of results; returns its path. */
  async writeResult(name: string, text: string): Promise<string> {
    const file = path.join(this.folder, name);
    await replaceFile(file, text);
    return file;
  }

  /** Gives the lock back. */
  async close(): Promise<void> {
    await releaseLock(this.folder);
  }
}

/** Where two JSON values differ: "settings.epochs". */
function differingPaths(expected: Json, found: unknown): string[] {
  try {
    compareIdentity(expected, found as Json);
    return [];
  } catch (error) {
    if (error instanceof TlxError) return error.details.differences as string[];
    throw error;
  }
}

/** The folder of a run, of whatever kind, as one process's: begun, taken over, gone on with, given back. */
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { z } from "zod";
import type { Snapshot } from "../../train/snapshot.js";
import { CONFIG, DESCRIPTION, runEntries, STATE } from "../run-files.js";
import { readState } from "../state.js";
import { diskStorage } from "./disk-storage.js";
import { readJson } from "./read-json.js";
import { isInUse, LOCK, lockContent, releaseLock, takeLock, takeOver } from "./run-lock.js";
import { replaceFile, temporaryOf, writeFailure } from "./write-file.js";
import { writeFolder } from "./write-folder.js";

/** A run that was begun and not finished. */
export interface Unfinished {
  /** As it was given to `claimFolder`, in config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where it stands; undefined where it must begin anew. */
  readonly snapshot: Snapshot | undefined;
}

/**
 * Makes `folder` with `files` and takes its lock; parents are made. A folder that holds anything is refused, except one that a
 * killed process left before it saved a state that can be used: its files are removed and the run starts anew.
 */
export async function claimFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  try {
    if (await isUnfinished(folder)) {
      if (!(await isInUse(folder)) && (await holdsState(folder))) throw resumable(folder);
      if (!(await takeOver(folder))) throw taken(folder);
      await clear(folder);
      for (const [name, text] of files) await replaceFile(path.join(folder, name), text);
    } else {
      await writeFolder(folder, [[LOCK, lockContent()], ...files]);
    }
  } catch (error) {
    throw writeFailure(folder, error);
  }
}

/**
 * Takes the lock of an unfinished run to go on with it; undefined when it is finished. `cut` takes back the figures of epochs
 * after the given one.
 */
export async function reclaimFolder(
  folder: string,
  cut: (epoch: number) => Promise<void>,
): Promise<Unfinished | undefined> {
  if (await isFinished(folder)) {
    await diskStorage(folder)
      .remove(STATE)
      .catch(() => {}); // a kill after the model was written leaves it
    return undefined;
  }
  const configFile = path.join(folder, CONFIG);
  if (!(await exists(configFile))) {
    const found = (await exists(folder)) ? "one without config.json" : "nothing there";
    throw new TlxError(
      "E_USAGE",
      `run: expected "${folder}" to be the folder of a run, found ${found}; give the folder that tlx train wrote to`,
    );
  }
  try {
    await takeLock(folder);
  } catch (error) {
    throw writeFailure(path.join(folder, LOCK), error);
  }
  try {
    if (await isFinished(folder)) {
      await releaseLock(folder); // another process ended between the first look and the lock
      return undefined;
    }
    const config = await readJson(configFile, z.record(z.string(), z.unknown()), "a configuration");
    const snapshot = await readState(diskStorage(folder));
    await removeTemporaries(folder);
    if (!snapshot) await rm(path.join(folder, "checkpoints"), { recursive: true, force: true });
    await cut(snapshot?.position.epoch ?? 0);
    return { config, snapshot };
  } catch (error) {
    await releaseLock(folder).catch(() => {});
    throw writeFailure(folder, error);
  }
}

/** Gives the lock back. Where nothing is to be kept, the folder goes too. */
export async function releaseFolder(folder: string, isKept: boolean): Promise<void> {
  try {
    if (!isKept) await clear(folder);
    await releaseLock(folder);
    if (!isKept) await rmdir(folder);
  } catch {
    // What cannot be removed stays: the lock of an ended process holds no one up.
  }
}

const taken = (folder: string): TlxError =>
  new TlxError("E_USAGE", `run: "${folder}" already exists; choose another name (nothing was changed)`);

const resumable = (folder: string): TlxError =>
  new TlxError(
    "E_USAGE",
    `run: "${folder}" holds an unfinished training; resume it with --resume "${folder}", or choose another folder (nothing was changed)`,
  );

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** The model comes last of all, whole or not at all; a file of it tells the kind of run. */
const isFinished = async (folder: string): Promise<boolean> =>
  (await exists(path.join(folder, DESCRIPTION))) || (await exists(path.join(folder, "model", "distillation.json")));

/** Whether a run can go on from the state that `folder` holds. */
const holdsState = (folder: string): Promise<boolean> =>
  readState(diskStorage(folder)).then(
    (state) => state !== undefined,
    () => false,
  );

/** Whether `folder` has a lock and no model. Throws E_USAGE when it is anything else that exists. */
async function isUnfinished(folder: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  const finished = await isFinished(folder);
  if (!finished && (await exists(path.join(folder, LOCK)))) return true;
  const inside = await readdir(folder).catch(() => undefined); // undefined: a file in the way
  if (inside?.length === 0) return false;
  throw !finished && (await holdsState(folder)) ? resumable(folder) : taken(folder);
}

/** What the command adds to a run. */
const added = ["tensorboard", "warnings.json", "report.html"];

/** Removes what a run wrote, but not the lock nor anything of others. */
async function clear(folder: string): Promise<void> {
  await removeTemporaries(folder);
  for (const name of [...runEntries, ...added]) await rm(path.join(folder, name), { recursive: true, force: true });
}

/** Removes what a kill left half written. */
async function removeTemporaries(folder: string): Promise<void> {
  const names = new Set([...runEntries, ...added].map(temporaryOf));
  for (const name of await readdir(folder)) {
    const ours = names.has(name) || /^\.model\.[0-9a-f]{12}\.tmp$/.test(name);
    if (ours) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

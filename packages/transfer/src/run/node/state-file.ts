/** checkpoints/state.safetensors of a run: from where an unfinished training goes on. */
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import type { Snapshot } from "../../train/snapshot.js";
import { readSnapshot, writeSnapshot } from "../snapshot-file.js";
import { replaceFile, temporaryOf, writeFailure } from "./write-file.js";

const pathOf = (run: string): string => path.join(run, "checkpoints", "state.safetensors");

/** Replaces the state whole or not at all. */
export async function writeState(run: string, snapshot: Snapshot): Promise<void> {
  const file = pathOf(run);
  const bytes = await writeSnapshot(snapshot);
  await mkdir(path.dirname(file), { recursive: true }).catch((error) => {
    throw writeFailure(path.dirname(file), error);
  });
  await replaceFile(file, bytes);
}

/** undefined where no state was saved. Throws E_WEIGHTS naming a file that is damaged or cannot be read. */
export async function readState(run: string): Promise<Snapshot | undefined> {
  const file = pathOf(run);
  try {
    return await readSnapshot(await readFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const reason = (error as Error).message.replace(/^state: /, "");
    throw new TlxError(
      "E_WEIGHTS",
      `run: the saved state "${file}" cannot be used: ${reason}; restore the file, or delete it and the run begins anew`,
      { file },
      error,
    );
  }
}

export async function removeState(run: string): Promise<void> {
  for (const file of [pathOf(run), temporaryOf(pathOf(run))]) await rm(file, { force: true });
}

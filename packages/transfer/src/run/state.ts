/** The saved state of a run: from where an unfinished training goes on. */
import { TlxError } from "@tlx/kernels";
import type { Snapshot } from "../train/snapshot.js";
import { STATE } from "./run-files.js";
import type { RunStorage } from "./run-storage.js";
import { readSnapshot } from "./snapshot-file.js";

/** undefined where none was saved. Throws E_WEIGHTS naming a file that is damaged or cannot be read. */
export async function readState(storage: RunStorage): Promise<Snapshot | undefined> {
  try {
    const bytes = await storage.read(STATE);
    return bytes && (await readSnapshot(bytes));
  } catch (error) {
    const file = storage.place(STATE);
    const reason = (error as Error).message.replace(/^state: /, "");
    throw new TlxError(
      "E_WEIGHTS",
      `run: the saved state "${file}" cannot be used: ${reason}; restore the file, or delete it and the run begins anew`,
      { file },
      error,
    );
  }
}

import { existsSync, mkdtempSync, readdirSync, rmdirSync, statSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { freeRunName } from "@tlx/transfer/node";

export interface RunTargetOptions {
  /** Exactly this folder, which must not hold anything unless a killed run left it. */
  readonly out?: string;
  /** Name under runs/train, made free by a number. */
  readonly name?: string;
}

const root = path.join("runs", "train");

/** Throws E_USAGE for a target that cannot be used, before any work is done for it. */
export function checkRunTarget({ out, name }: RunTargetOptions): void {
  if (out !== undefined && existsSync(out) && !isStartable(out)) {
    throw new TlxError("E_USAGE", `--out: "${out}" exists already, and runs are never replaced; name another folder`);
  }
  if (name !== undefined && (name === "" || name === "." || name === ".." || /[\\/]/.test(name))) {
    throw new TlxError(
      "E_USAGE",
      `--name: expected a plain name without slashes, found "${name}"; use --out for a path`,
    );
  }
  checkWritable(path.dirname(path.resolve(out ?? path.join(root, "run"))));
}

/** An empty folder, or what a killed run left: its lock tells. */
const isStartable = (folder: string): boolean =>
  statSync(folder).isDirectory() && (readdirSync(folder).length === 0 || existsSync(path.join(folder, "run.lock")));

/** Minutes of training must not end at a folder that cannot be made, so one is made and taken away at once. */
function checkWritable(parent: string): void {
  let there = parent;
  while (!existsSync(there) && path.dirname(there) !== there) there = path.dirname(there);
  try {
    rmdirSync(mkdtempSync(path.join(there, ".tlx-")));
    return;
  } catch {
    // said below
  }
  throw new TlxError("E_USAGE", `runs: cannot make a folder in "${there}"; name another place with --out DIR`);
}

/**
 * Opens the run at `out`, or at the first free one of runs/train/NAME, NAME-2, ... with the name of `data` as default.
 * A name that another run takes meanwhile is given up for the next. Returns what `create` made.
 */
export async function createAtTarget<T>(
  { out, name }: RunTargetOptions,
  data: string,
  create: (folder: string) => Promise<T>,
): Promise<T> {
  for (;;) {
    const folder = out ?? (await freeRunName(root, name ?? (path.basename(path.resolve(data)) || "run")));
    try {
      return await create(folder);
    } catch (error) {
      const taken = out === undefined && error instanceof TlxError && error.code === "E_USAGE" && existsSync(folder);
      if (!taken) throw error;
    }
  }
}

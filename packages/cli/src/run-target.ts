import { existsSync, mkdtempSync, readdirSync, rmdirSync, statSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { freeRunName } from "@tlx/transfer/node";

export type RunKind = "train" | "pretrain";

export interface RunTargetOptions {
  /** Exactly this folder, which must not hold anything unless a killed run left it. */
  readonly out?: string;
  /** Name under runs/KIND, made free by a number. */
  readonly name?: string;
}

/** Where runs go that are not told where: "runs/train". */
const rootOf = (kind: RunKind): string => path.join("runs", kind);

/** Throws E_USAGE for a target that cannot be used, before any work is done for it. */
export function checkRunTarget({ out, name }: RunTargetOptions, kind: RunKind): void {
  if (out !== undefined && isUnfinished(out)) {
    throw new TlxError(
      "E_USAGE",
      `--out: "${out}" holds an unfinished run, and runs are never replaced; go on with --resume, or name another folder`,
    );
  }
  if (out !== undefined && existsSync(out) && !isStartable(out)) {
    throw new TlxError("E_USAGE", `--out: "${out}" exists already, and runs are never replaced; name another folder`);
  }
  if (name !== undefined && (name === "" || name === "." || name === ".." || /[\\/]/.test(name))) {
    throw new TlxError(
      "E_USAGE",
      `--name: expected a plain name without slashes, found "${name}"; use --out for a path`,
    );
  }
  checkWritable(path.dirname(path.resolve(out ?? path.join(rootOf(kind), "run"))));
}

/** An empty folder, or what a killed run left: its lock tells. */
const isStartable = (folder: string): boolean =>
  statSync(folder).isDirectory() && (readdirSync(folder).length === 0 || existsSync(path.join(folder, "run.lock")));

/** A run that was stopped in order: a killed one has its lock, and `RunFolder.create` knows more. */
const isUnfinished = (folder: string): boolean =>
  existsSync(path.join(folder, "checkpoints", "state.safetensors")) &&
  !existsSync(path.join(folder, "run.lock")) &&
  !existsSync(path.join(folder, "model"));

/** Minutes of training must not end at a folder that cannot be made, so one is made and taken away at once. */
export function checkWritable(parent: string): void {
  let there = parent;
  while (!existsSync(there) && path.dirname(there) !== there) there = path.dirname(there);
  try {
    rmdirSync(mkdtempSync(path.join(there, ".tlx-")));
    return;
  } catch {
    // said below
  }
  throw new TlxError("E_USAGE", `--out: cannot make anything in "${there}"; name another place with --out`);
}

/**
 * Opens the run at `out`, or at the first free one of runs/KIND/NAME, NAME-2, ... with the name of `data` as default.
 * A name that another run takes meanwhile is given up for the next. Returns what `create` made.
 */
export async function createAtTarget<T>(
  { out, name }: RunTargetOptions,
  kind: RunKind,
  data: string,
  create: (folder: string) => Promise<T>,
): Promise<T> {
  for (;;) {
    const folder = out ?? (await freeRunName(rootOf(kind), name ?? (path.basename(path.resolve(data)) || "run")));
    try {
      return await create(folder);
    } catch (error) {
      const taken = out === undefined && error instanceof TlxError && error.code === "E_USAGE" && existsSync(folder);
      if (!taken) throw error;
    }
  }
}

/** Checks an export: what another program makes of the file against what tlx makes of it on this GPU, and against what it should be. */
import { check, type Gpu, TlxError } from "@tlx/kernels";
import { formats } from "./formats.js";
import { goldenPictures } from "./golden-pictures.js";
import type { LoadedExport } from "./read-export.js";
import { probabilitiesOf, runNetwork } from "./run-network.js";
import type { RuntimeResult } from "./runtime-result.js";

/** Largest difference of a probability. */
export const TOLERANCE = 1e-4;
/** Largest difference of a logit, as a share of the largest logit, or of one where all are smaller. */
const LOGIT_TOLERANCE = 2e-4;

export interface ExportCheck {
  /** The other program and its version. */
  readonly runtime: string;
  /** Largest differences between it and tlx; null where it only reads the numbers of the file. */
  readonly probabilities: number | null;
  readonly logits: number | null;
  /** Largest difference of a probability from the golden example in the file; null where it holds none. */
  readonly golden: number | null;
}

/** NaN where one is NaN: a comparison with it fails. */
export const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a, (v, i) => Math.abs(v - b[i]!)).reduce((most, d) => (d > most || Number.isNaN(d) ? d : most), 0);
};

function refuse(what: string): never {
  throw new TlxError("E_VERIFY", `export: ${what}`);
}

/** What another program says of a file that it cannot read. */
function refuseAs(program: string, error: unknown): never {
  if (error instanceof TlxError) throw error;
  return refuse(`${program} does not take the file: ${error instanceof Error ? error.message : String(error)}`);
}

function compareRuntime(
  { runtime, outputs }: RuntimeResult,
  logits: Float32Array,
  probabilities: Float64Array,
): Pick<ExportCheck, "probabilities" | "logits"> {
  if (!outputs) return { probabilities: null, logits: null };
  const scale = logits.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  const found = {
    probabilities: farthest(outputs.probabilities, probabilities),
    logits: farthest(outputs.logits, logits) / scale,
  };
  if (!(found.probabilities <= TOLERANCE && found.logits <= LOGIT_TOLERANCE)) {
    refuse(
      `expected ${runtime} to agree with tlx within ${TOLERANCE} in probabilities and ${LOGIT_TOLERANCE} in logits, found ${found.probabilities.toExponential(1)} and ${found.logits.toExponential(1)}; do not use the file, and report it with the name of the network`,
    );
  }
  return found;
}

/** Throws E_VERIFY where something disagrees, E_USAGE where the other program is not installed. */
export async function checkExport(
  gpu: Gpu,
  { format, path, description, tlx, network }: LoadedExport,
): Promise<ExportCheck> {
  const pictures = goldenPictures(description.preprocess.crop);
  const result = await formats[format]
    .run(path, pictures)
    .catch((error) => refuseAs(formats[format].peer ?? format, error));
  const logits = await runNetwork(gpu, network, pictures);
  const classes = description.classes.length;
  const probabilities = probabilitiesOf(logits, classes);
  const expected = tlx.golden?.probabilities;
  const golden = expected ? farthest(probabilities.subarray(0, classes), expected) : null;
  check(
    golden === null || golden <= TOLERANCE,
    "E_VERIFY",
    () =>
      `export: expected the golden example of "${path}" within ${TOLERANCE}, found it off by ${golden}; this adapter does not compute the network as the one that exported it`,
  );
  return { runtime: result.runtime, ...compareRuntime(result, logits, probabilities), golden };
}

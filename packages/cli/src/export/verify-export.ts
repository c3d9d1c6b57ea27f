/** tlx verify of an export: the check that tlx export made, once more. */
import { type Gpu, TlxError } from "@tlx/kernels";
import type { Context } from "../context.js";
import { loadModel } from "../load-model.js";
import { describeAdapter, withGpu } from "../with-gpu.js";
import { checkExport, type ExportCheck } from "./check-export.js";
import { type FoundExport, readExport } from "./read-export.js";

const show = (value: number): string => (value === 0 ? "0" : value.toExponential(1));

/** One line of what was compared. */
export function describeCheck({ runtime, probabilities, logits }: ExportCheck): string {
  if (probabilities === null || logits === null) return `${runtime} finds the same numbers`;
  return `${runtime} agrees with tlx: probabilities within ${show(probabilities)}, logits within ${show(logits)} of the largest`;
}

export interface VerifyExportOptions {
  readonly model?: string;
  readonly adapter?: string;
  readonly json?: boolean;
}

export async function verifyExport(
  { report }: Context,
  found: FoundExport,
  options: VerifyExportOptions,
): Promise<void> {
  const model = options.model === undefined ? undefined : await loadModel(options.model);
  const loaded = await readExport(found, { model });
  if (!loaded) {
    throw new TlxError(
      "E_USAGE",
      `verify: expected a run, or what tlx export wrote, found weights alone in "${found.path}"; nothing says what they should give`,
    );
  }
  const { format, description, tlx } = loaded;
  const check = await withGpu(options, async (gpu: Gpu) => {
    report.field("adapter", describeAdapter(gpu));
    return checkExport(gpu, loaded);
  });
  if (options.json) {
    const { architecture: network, classes: labels, preprocess } = description;
    const { numbers } = tlx;
    report.printJson({ export: found.path, ok: true, format, network, numbers, labels, preprocess, check });
    return;
  }
  report.print(describeCheck(check));
  report.print(
    check.golden === null
      ? "golden example: none in the file, it was exported without a check"
      : `golden example: within ${show(check.golden)}`,
  );
}

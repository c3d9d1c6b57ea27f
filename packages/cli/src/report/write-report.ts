import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import { replaceFile } from "@tlx/transfer/node";
import type { Context } from "../context.js";
import { formatReport } from "./format-report.js";
import { type GatherOptions, gatherFindings } from "./gather-findings.js";

/** Name of the page in the folder of a run. */
export const REPORT = "report.html";

export interface WrittenReport {
  readonly file: string;
  readonly bytes: number;
}

/** Writes the page of the finished run in `folder`. */
export async function writeReport(
  context: Context,
  gpu: Gpu,
  folder: string,
  options: GatherOptions,
): Promise<WrittenReport> {
  const page = formatReport(await gatherFindings(context, gpu, folder, options));
  context.signal.throwIfAborted();
  const file = path.join(folder, REPORT);
  await replaceFile(file, page);
  return { file, bytes: Buffer.byteLength(page) };
}

import type { Environment, Findings, ResultFile } from "./result.js";
import { roundsOf, type SuiteOptions } from "./suite.js";

/** What the device does not know about where it is. */
export interface RunPlace extends Pick<Environment, "runtime" | "platform" | "cpu" | "cores" | "timerStepMs"> {
  readonly commit: string;
  readonly tlx: string;
  /** Milliseconds since 1970 at the start, and how long the run took. */
  readonly startedAt: number;
  readonly tookMs: number;
}

const significant = (value: number): number => Number(value.toPrecision(6));

/** Numbers with six digits, which is more than a measurement has. */
const rounded = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_, v) =>
    typeof v === "number" && !Number.isInteger(v) ? significant(v) : v,
  ) as T;

export function makeResultFile(
  { gpu, quick = false, rounds, filter }: SuiteOptions,
  findings: Findings,
  { commit, tlx, startedAt, tookMs, ...place }: RunPlace,
): ResultFile {
  const { vendor, architecture, device, description } = gpu.device.adapterInfo;
  const { software, timestamps, subgroupSize } = gpu.capabilities;
  return rounded({
    version: 1,
    adapter: device || description || architecture || vendor || "unnamed adapter",
    ...{ commit, tlx },
    date: new Date(startedAt).toISOString(),
    seconds: Math.round(tookMs / 1000),
    environment: {
      ...{ vendor, architecture, driver: description, software, timestamps },
      ...(subgroupSize !== undefined && { subgroupSize }),
      ...place,
    },
    options: { quick, rounds: roundsOf({ quick, rounds }), ...(filter && { filter: filter.source }) },
    ...findings,
  });
}

import type { Gpu } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";

let opened: Promise<Gpu> | undefined;

/** The one Gpu all test files share: pipelines are compiled once per test run. Fails, never skips, without an adapter. */
export function testGpu(): Promise<Gpu> {
  opened ??= openGpu({ adapter: process.env.TLX_ADAPTER });
  return opened;
}

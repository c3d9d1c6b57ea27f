import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const RUNS = process.env.TLX_DEEP ? 100 : 10;
const LIMIT_MS = 20_000;

/** Opens a device from the built packages, computes, reads; then `ending`. */
const program = (ending: string): string => `
  import { f32, relu } from "@tlx/kernels";
  import { openGpu } from "@tlx/kernels/node";
  import { GraphBuilder, Program } from "@tlx/nn";
  const gpu = await openGpu({ adapter: process.env.TLX_ADAPTER });
  const b = new GraphBuilder();
  b.output("y", b.apply(relu, [b.input("x", f32(4))], {}, "relu")[0]);
  const program = await Program.compile(gpu, b.finish(), new Map());
  program.write("x", Float32Array.of(-1, 2, -3, 4));
  program.run();
  const read = program.read("y");
  ${ending}
`;

const endings = {
  "disposes everything": "console.log((await read).data.join()); program.dispose(); gpu.dispose();",
  "forgets to dispose": "console.log((await read).data.join());",
  "disposes with a read pending":
    'const failed = read.catch((e) => console.log(e.code)); program.run(); gpu.dispose(); await failed; console.log("0,2,0,4");',
  "loses its device": 'gpu.device.destroy(); await read.catch((e) => console.log(e.code)); console.log("0,2,0,4");',
};

describe.each(Object.entries(endings))("a process that %s", (_, ending) => {
  it(`ends by itself with code 0, ${RUNS} times`, { timeout: RUNS * LIMIT_MS }, async () => {
    const args = ["--input-type=module", "--eval", program(ending)];
    const once = () => run(process.execPath, args, { cwd: import.meta.dirname, timeout: LIMIT_MS });
    for (let i = 0; i < RUNS; i += 2) {
      for (const { stdout } of await Promise.all([once(), once()])) {
        expect(stdout.trim().split("\n").at(-1)).toBe("0,2,0,4");
      }
    }
  });
});

/** Who compiles what: the helper begins with the last kernel, after a while, and only where there is more than one. */
import type { Gpu } from "@tlx/kernels";
import { beforeEach, expect, it } from "vitest";
import { compileHelper } from "../src/node/compile-helper.js";
import { defineKernel } from "../src/wgsl/source.js";

const kernels = ["a", "b", "c", "d"].map((name) =>
  defineKernel({ name, bindings: {}, args: {}, workgroup: [1, 1, 1], body: "" }),
);

let trace: string[];
beforeEach(() => {
  trace = [];
});

/** A helper that takes `ms` for a kernel and fails for those called `broken`. */
const open = async (ms: number, broken = ""): Promise<Gpu> => {
  trace.push("open");
  const get = async ({ name }: { name: string }): Promise<void> => {
    trace.push(name);
    await later(ms);
    if (name === broken) throw new Error(name);
  };
  return { pipelines: { get }, dispose: () => trace.push("dispose") } as unknown as Gpu;
};

const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

it("leaves the first of them to the device, and ends when it is done", async () => {
  const tell = compileHelper(() => open(20));
  for (const kernel of kernels) tell(kernel, later(1000));
  await later(600);
  expect(trace).toEqual(["open", "d", "c", "b", "dispose"]);
});

it("does not compile what the device has compiled meanwhile", async () => {
  const tell = compileHelper(() => open(200));
  for (const [i, kernel] of kernels.entries()) tell(kernel, later([350, 450, 1000, 1000][i]!));
  await later(800);
  expect(trace).toEqual(["open", "d", "dispose"]);
});

it("is not there where nothing takes long, for a single kernel, and after all was compiled", async () => {
  const tell = compileHelper(() => open(1));
  for (const kernel of kernels) tell(kernel, later(50));
  await later(400);
  tell(kernels[0]!, later(500));
  await later(600);
  expect(trace).toEqual([]);
});

it("may fail, and helps again later", async () => {
  const tell = compileHelper(() => open(1, "d"));
  for (const kernel of kernels) tell(kernel, later(350));
  await later(400);
  expect(trace).toEqual(["open", "d", "dispose"]);
  const refused = compileHelper(() => Promise.reject(new Error("no second device")));
  for (const kernel of kernels) refused(kernel, Promise.reject(new Error("made")));
  for (const kernel of kernels) refused(kernel, later(350));
  for (const kernel of kernels.slice(0, 2)) tell(kernel, later(400));
  await later(400);
  expect(trace.slice(3)).toEqual(["open", "b", "dispose"]);
});

import type { Gpu } from "@tlx/kernels";
import { describe, expect, it } from "vitest";
import { withGpu } from "../src/with-gpu.js";

const adapter = process.env.TLX_ADAPTER;

describe("a command's GPU", () => {
  it("is opened again after it was lost, and all are given back at the end", async () => {
    const opened: Gpu[] = [];
    const result = await withGpu({ adapter }, async (gpu, reopen) => {
      gpu.device.destroy();
      await expect(gpu.idle()).rejects.toMatchObject({ code: "E_DEVICE" });
      const other = await reopen();
      await other.idle();
      opened.push(gpu, other);
      return "done";
    });
    expect(result).toBe("done");
    for (const gpu of opened) expect(() => gpu.assertUsable()).toThrow(expect.objectContaining({ code: "E_DEVICE" }));
  });

  it("is given back when its use fails", async () => {
    let held: Gpu | undefined;
    const failing = withGpu({ adapter }, async (gpu) => {
      held = gpu;
      throw new Error("on purpose");
    });
    await expect(failing).rejects.toThrow("on purpose");
    expect(() => held!.assertUsable()).toThrow();
  });
});

/**
 * How long a visitor waits for the first prediction: cold, in a browser that was never here, and warm, at the next visit.
 * TLX_FIGURES prints the times, of MobileNetV2 in place of a smaller network.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findModel } from "@tlx/transfer";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeModel } from "../../packages/transfer/src/run/node/write-model.js";
import { madeResult } from "../../packages/transfer/test/made-run.js";
import { browserOptions, maySkip } from "../support/chromium.js";
import { testGpu } from "../support/gpu.js";
import { madeWeights } from "../support/made-files.js";
import { ClassifierSite, pageOf } from "./classifier-site.js";

interface Visit {
  /** Milliseconds since the page was asked for: script run, weights there, ready, first result, second result. */
  readonly times: readonly number[];
  readonly best: string;
  /** Requests for weights. */
  readonly fetched: number;
}

const visit = (options: string): string => `(async () => {
  const times = [performance.now()];
  const onProgress = (received, total) => { if (received === total) times[1] = performance.now(); };
  const classifier = await createClassifier({ ...${options}, onProgress });
  times[1] ??= times[0];
  times.push(performance.now());
  const [best] = await classifier.predict("/red.png");
  times.push(performance.now());
  await classifier.predict("/blue.png");
  times.push(performance.now());
  const loaded = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".safetensors"));
  return { times, best: best.label, fetched: loaded.length };
})()`;

function tell(what: string, times: readonly number[]): void {
  const [script = 0, weights = 0, ready = 0, first = 0, second = 0] = times.map(Math.round);
  const parts = `script ${script}, weights ${weights}, ready ${ready}, first ${first}, next one ${second - first} ms`;
  process.stderr.write(`${what}: ${parts}\n`);
}

describe.skipIf(maySkip)("the first prediction", () => {
  let site: ClassifierSite;

  beforeAll(async () => {
    site = await ClassifierSite.start({ "/": pageOf("") });
  });
  afterAll(() => site?.close());

  /** Two visits, each by a browser that was just started, with one profile. */
  async function visitTwice(name: string, options: string): Promise<Visit[]> {
    const profile = mkdtempSync(path.join(tmpdir(), "tlx-profile-"));
    try {
      const visits: Visit[] = [];
      for (const kind of ["cold", "warm"]) {
        const context = await chromium.launchPersistentContext(profile, browserOptions);
        const page = await context.newPage();
        await page.goto(`${site.origin}/`);
        await page.waitForFunction("typeof createClassifier === 'function'");
        const found = await page.evaluate<Visit>(visit(options));
        await context.close();
        visits.push(found);
        if (process.env.TLX_FIGURES) tell(`${name}, ${kind}`, found.times);
      }
      return visits;
    } finally {
      rmSync(profile, { recursive: true, force: true });
    }
  }

  it("needs no weights from the server at the next visit", async () => {
    await writeModel(await testGpu(), site.at("models/nano"), madeResult(findModel("tlx-nano")));
    const [cold, warm] = await visitTwice("tlx-nano", '{ model: "/models/nano/" }');
    expect(cold!.fetched).toBe(1);
    expect(warm).toMatchObject({ fetched: 0, best: cold!.best });
  });

  it.runIf(process.env.TLX_DEEP)("needs none of a published network either, whose SHA-256 the page gives", async () => {
    const model = process.env.TLX_FIGURES ? "mobilenet-v2" : "squeezenet-1.1";
    const weights = madeWeights(model);
    writeFileSync(site.at("published.safetensors"), weights);
    const sha256 = createHash("sha256").update(weights).digest("hex");
    const options = JSON.stringify({ model, weights: "/published.safetensors", sha256 });
    const [cold, warm] = await visitTwice(model, options);
    expect(cold!.fetched).toBe(1);
    expect(warm).toMatchObject({ fetched: 0, best: cold!.best });
  });
});

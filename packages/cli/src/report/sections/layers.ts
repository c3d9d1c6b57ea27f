/** What learned and what stayed, what each part costs, and where the loss still pulls. */
import { formatNumber } from "../../charts/axes.js";
import { barChart } from "../../charts/bar-chart.js";
import { type Html, html } from "../../html/html.js";
import { table } from "../../html/table.js";
import { type BlockFacts, blockFacts } from "../block-facts.js";
import type { Findings } from "../findings.js";
import { count, share } from "./words.js";

const bytes = (n: number): string => (n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);

const stateOf = ({ trained, elements }: BlockFacts): string =>
  trained === 0 ? "frozen" : trained === elements ? "learned" : `${share(trained / elements)} learned`;

const ratioOf = ({ gradient }: BlockFacts): number | undefined =>
  gradient && gradient.weightNorm > 0 ? gradient.norm / gradient.weightNorm : undefined;

export function layersSection({ record, model, graph, gradients }: Findings): Html | undefined {
  const { certificate } = record;
  if (!certificate) return undefined;
  const blocks = blockFacts(model, graph, certificate, gradients);
  const sum = (of: (block: BlockFacts) => number): number => blocks.reduce((n, block) => n + of(block), 0);
  const [all, trained, products] = [sum((b) => b.elements), sum((b) => b.trained), sum((b) => b.multiplyAdds)];
  const { step } = certificate;
  const steps = [
    ["backward dispatches", count(step.backwardDispatches.planned), count(step.backwardDispatches.everything)],
    ["values and optimizer", bytes(step.bytes.planned), bytes(step.bytes.everything)],
    ["bytes of the optimizer", bytes(step.optimizerBytes.planned), bytes(step.optimizerBytes.everything)],
    ...(step.gpuMs
      ? [["GPU time, ms", formatNumber(step.gpuMs.planned), formatNumber(step.gpuMs.everything)] as const]
      : []),
  ] as const;
  const measured = blocks.filter((b) => b.gradient);
  // That of a new head is hundreds of times the others'.
  const least = Math.min(...measured.map((b) => ratioOf(b) ?? 0));
  return html`<p>${share(trained / all)} of ${count(all)} numbers learned, in ${blocks.filter((b) => b.trained > 0).length} of ${blocks.length} blocks; the rest is byte for byte as it was, as
<code>freeze-certificate.json</code> proves (<code>tlx verify</code>). A block with a large gradient beside its weights is one that the pictures still pull at: if it is frozen, --unfreeze may pay.</p>
<div class="charts">${
    measured.length > 0 &&
    barChart({
      text: {
        title: "Gradient by block",
        summary: "norm of the gradient over the norm of the weights",
        note: `Norm of the loss's gradient over that of the weights, of the stored model on a few pictures it learned from${least > 0 ? "; each line is ten times the one before" : ""}.`,
      },
      of: "block",
      names: measured.map((b) => b.block),
      x: {
        name: "gradient / weights",
        ...(least > 0 ? { log: true, min: 10 ** Math.floor(Math.log10(least)) } : { min: 0 }),
      },
      series: [{ name: "gradient / weights", bars: measured.map((b) => ({ value: ratioOf(b) })) }],
    })
  }${barChart({
    text: {
      title: "Cost by block",
      summary: "multiply-adds for one picture",
      note: "Multiply-adds for one picture, forward. Learning takes about twice as much again, from the first block that learns on.",
    },
    of: "block",
    names: blocks.map((b) => b.block),
    x: { name: "multiply-adds", min: 0 },
    series: [{ name: "multiply-adds", bars: blocks.map((b) => ({ value: b.multiplyAdds })) }],
  })}</div>
${table(
  "The plan by block",
  [
    { name: "block", cell: (b) => html`<code>${b.block}</code>` },
    { name: "plan", cell: stateOf },
    { name: "tensors", number: true, cell: (b) => b.tensors },
    { name: "numbers", number: true, cell: (b) => count(b.elements) },
    { name: "of the work", number: true, cell: (b) => (products > 0 ? share(b.multiplyAdds / products) : undefined) },
    { name: "gradient norm", number: true, cell: (b) => (b.gradient ? formatNumber(b.gradient.norm) : undefined) },
    {
      name: "of the weights",
      number: true,
      cell: (b) => (b.gradient ? formatNumber(b.gradient.weightNorm) : undefined),
    },
  ],
  blocks,
)}
${table(
  "A training step as it was planned, and one that trains every layer",
  [
    { name: "of a step", cell: ([figure]) => figure },
    { name: "this plan", number: true, cell: ([, planned]) => planned },
    { name: "all layers", number: true, cell: ([, , everything]) => everything },
  ],
  steps,
)}`;
}

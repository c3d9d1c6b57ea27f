/** Result files as text for people. */
import { formatTable } from "@tlx/nn";
import type { Comparison } from "./compare.js";
import type { Result, ResultFile } from "./result.js";
import { byPlace, digits, percent, showMs } from "./show-number.js";

/** "llvmpipe (LLVM 15.0.6, 256 bits), SOFTWARE ADAPTER, commit 1234567" */
export function describeRun({ adapter, environment, commit, options, unfinished }: ResultFile): string {
  const software = environment.software ? ", a SOFTWARE adapter: its times say little about a GPU" : "";
  const quick = options.quick ? ", quick run" : "";
  const stopped = unfinished === undefined ? "" : `; UNFINISHED, ${unfinished}`;
  return `${adapter}${software}; commit ${commit}, ${environment.runtime}, ${environment.cpu}, ${environment.cores} cores${quick}${stopped}`;
}

/** Everything a file holds. */
export function formatResults(file: ResultFile): string {
  const peers = file.peers.map(({ name }) => name);
  const rows = [...file.results]
    .sort(byPlace)
    .map((r) => [
      `${r.name}${r.default ? " *" : ""}`,
      showMs(r.medianMs),
      percent(r.spread),
      percent(r.noise),
      r.gpuMs === undefined ? "" : showMs(r.gpuMs),
      digits(r.gflops, 1),
      digits(r.gbs, 2),
      percent(r.shareOfCeiling),
      ...peers.map((peer) => (r.ratios[peer] === undefined ? "" : `${r.ratios[peer].toFixed(2)}x`)),
    ]);
  const heads = ["", "ms", "spread", "noise", "GPU ms", "GFLOP/s", "GB/s", "of ceiling", ...peers];
  const parts = [describeRun(file), "", formatTable(heads, rows)];
  if (rows.some(([name]) => String(name).endsWith(" *"))) parts.push("* chosen without tuning; ratios: times as long");
  if (file.sizes.length > 0) {
    parts.push(
      "",
      formatTable(
        ["", "bytes"],
        file.sizes.map(({ name, bytes }) => [name, bytes]),
      ),
    );
  }
  if (file.groups.length > 0) {
    const groups = file.groups.map((g) => [
      ...[g.name, g.peer, g.shapes, `${g.ratio.toFixed(2)}x`, `${g.tunedRatio.toFixed(2)}x`],
      ...[`${g.least.toFixed(2)}x`, g.leastOf],
    ]);
    parts.push("", formatTable(["geometric mean", "peer", "shapes", "takes", "tuned", "least", "of"], groups));
  }
  const reasons = (heading: string, list: ResultFile["failed"]): void => {
    if (list.length > 0) parts.push("", heading, ...list.map(({ name, reason }) => `  ${name}: ${reason}`));
  };
  reasons("WRONG, not timed", file.failed);
  reasons("Left out", file.skipped);
  return parts.join("\n");
}

export function formatComparison({ results, onlyBefore, onlyAfter, warnings }: Comparison): string {
  const rows = results.map((r) => [
    ...[r.name, showMs(r.beforeMs), showMs(r.afterMs), r.ratio.toFixed(2)],
    ...[Number.isFinite(r.noise) ? percent(r.noise) : "one run", r.verdict],
  ]);
  const count = (verdict: string): number => results.filter((r) => r.verdict === verdict).length;
  return [
    ...warnings.map((warning) => `WARNING: ${warning}`),
    formatTable(["", "before ms", "after ms", "after/before", "noise", ""], rows),
    ...onlyBefore.map((name) => `only before: ${name}`),
    ...onlyAfter.map((name) => `only after: ${name}`),
    `${count("faster")} faster, ${count("slower")} slower, ${count("same within noise")} same within noise`,
  ].join("\n");
}

/** A ratio of something whose two timings differ by half says nothing. */
const tells = ({ noise = 0 }: Result): boolean => noise < 0.5;

/** Networks, training steps and jobs as a Markdown table, with the geometric means of kernels below. */
export function formatMarkdown(file: ResultFile, source: string): string {
  const isWhole = ({ name }: Result): boolean => /\/(forward|train)\/|^job\//.test(name);
  const whole = file.results.filter(isWhole).sort(byPlace);
  const peers = file.peers.map(({ name }) => name).filter((peer) => whole.some((r) => r.ratios[peer] !== undefined));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = whole.map((r) =>
    line([
      `\`${r.name}\``,
      showMs(r.medianMs),
      percent(r.spread),
      percent(r.noise),
      ...peers.map((peer) =>
        r.ratios[peer] === undefined ? "" : tells(r) ? `${r.ratios[peer].toFixed(1)}x` : "noise",
      ),
    ]),
  );
  const groups = file.groups.map(
    ({ name, peer, shapes, ratio, least, leastOf }) =>
      `- ${name}, ${shapes} shapes: ${peer} takes ${ratio.toFixed(1)} times as long (geometric mean; least ${least.toFixed(2)}, \`${leastOf}\`).`,
  );
  return [
    `${describeRun(file)}. From [${source}](${source}); ratios say how many times as long the other runtime takes.`,
    "",
    line(["", "median ms", "spread", "noise", ...peers]),
    line(["---", "---:", "---:", "---:", ...peers.map(() => "---:")]),
    ...rows,
    ...(groups.length > 0 ? ["", "Kernels:", "", ...groups] : []),
  ].join("\n");
}

/** What a distillation says of itself. */
import path from "node:path";
import type { DistilEvent, DistilResult } from "@tlx/transfer";
import type { Context } from "./context.js";
import { printableName, quoteForShell } from "./printable.js";
import type { Progress } from "./progress.js";
import { percent } from "./score-table.js";

/** The result of the distillation in `folder`, which took `seconds`, on standard output; then what to do with it. */
export function tellDistilled(
  { report }: Context,
  folder: string,
  network: string,
  { likeness, learnt, settings }: DistilResult,
  { json, seconds }: { readonly json?: boolean; readonly seconds: number },
): void {
  if (json) report.printJson({ run: folder, model: network, ...likeness, pictures: learnt.length, seconds, settings });
  else {
    const { explained, agreement } = likeness;
    report.print(`held-out pictures: ${percent(explained)} of the variance of the teacher's features explained`);
    if (agreement !== undefined) report.print(`the same class first as the teacher: ${percent(agreement)}`);
    report.print(`run: ${printableName(folder)}`);
  }
  const weights = quoteForShell(path.join(folder, "model", "model.safetensors"));
  report.field("done", `in ${seconds.toFixed(1)} s; now try: tlx train DIR --model ${network} --weights ${weights}`);
}

export class DistilReporter {
  private readonly report: Context["report"];
  private bar: Progress | undefined;

  constructor({ report }: Context) {
    this.report = report;
  }

  show(event: DistilEvent): void {
    const { report } = this;
    if (event.type === "warning") report.warn(event.message);
    else if (event.type === "skipped") report.warn(`skipped: ${event.reason}`);
    else if (event.type === "features") {
      this.bar ??= report.progress({ label: `teacher, ${event.note}` });
      this.bar.update(event.done, event.total);
      if (event.done === event.total) this.end();
    } else if (event.type === "epoch") {
      const { epoch, epochs, loss, explained, agreement, ms } = event;
      const same = agreement === undefined ? "" : `   same class ${percent(agreement)}`;
      const text = `${epoch} of ${epochs}   loss ${loss?.toFixed(4) ?? "-"}   explained ${percent(explained)}${same}`;
      report.field("epoch", `${text}   ${(ms / 1000).toFixed(1)} s`);
    }
  }

  end(): void {
    this.bar?.end();
    this.bar = undefined;
  }
}

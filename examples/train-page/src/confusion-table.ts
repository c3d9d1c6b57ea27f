import { make, percent } from "./make.js";
import type { Confusion } from "./run-report.js";

/** Fills a table: a row per class, a column per prediction, darker where more of a class went. */
export function showConfusion(table: HTMLTableElement, { classes, matrix }: Confusion): void {
  const heads = classes.map((name) => make("th", { scope: "col" }, name));
  const rows = matrix.map((row, label) => {
    const all = row.reduce((a, b) => a + b, 0);
    const cells = row.map((n, predicted) => {
      const share = all === 0 ? 0 : n / all;
      const kind = predicted === label ? "right" : "wrong";
      const cell = make("td", { class: kind }, String(n));
      cell.style.setProperty("--share", String(share));
      cell.title = `${n} of ${all} ${classes[label]} taken for ${classes[predicted]} (${percent(share)})`;
      return cell;
    });
    return make("tr", {}, make("th", { scope: "row" }, classes[label] as string), ...cells);
  });
  table.replaceChildren(make("thead", {}, make("tr", {}, make("td", {}), ...heads)), make("tbody", {}, ...rows));
}

/** A table that a screen reader can follow. */
import { type Html, html } from "./html.js";

export interface Column<Row> {
  readonly name: string;
  /** Numbers stand at the right, below each other. */
  readonly number?: boolean;
  readonly cell: (row: Row, index: number) => Html | string | number | undefined;
}

/** The first column names its row. `caption` is shown above. */
export function table<Row>(caption: Html | string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const kind = ({ number }: Column<Row>): string => (number ? "number" : "text");
  const [first, ...others] = columns as [Column<Row>, ...Column<Row>[]];
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${typeof caption === "string" ? caption : first.name}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col" class="${kind(column)}">${column.name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row, i) => html`<tr><th scope="row" class="${kind(first)}">${first.cell(row, i) ?? "–"}</th>${others.map(
      (column) => html`<td class="${kind(column)}">${column.cell(row, i) ?? "–"}</td>`,
    )}</tr>
`,
  )}</tbody></table></div>`;
}

/** CSV as RFC 4180 has it, except that lines end in \n, safe to open in a spreadsheet. */

/** A number or a text; undefined is an empty cell. */
export type Cell = number | string | undefined;

/** A text that a spreadsheet would take for a formula gets a ' in front. */
const neutralised = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

function formatCell(cell: Cell): string {
  if (typeof cell !== "string") return cell === undefined ? "" : String(cell);
  const text = neutralised(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows to lines, each with its line end. */
export const formatCsv = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(formatCell).join(",")}\n`).join("");

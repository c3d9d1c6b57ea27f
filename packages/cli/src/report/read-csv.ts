/** Tables as tlx writes them: RFC 4180, a ' in front of what a spreadsheet would take for a formula. */

const cell = /(?:"((?:[^"]|"")*)"|([^,"\n]*))(,|\n|$)/y;

const restore = (text: string): string => (/^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text);

/** All rows, the header too. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  cell.lastIndex = 0;
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text);
    if (!found) break;
    const [, quoted, plain = "", end] = found;
    row.push(restore(quoted === undefined ? plain : quoted.replaceAll('""', '"')));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

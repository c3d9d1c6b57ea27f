/**
 * A chart of ECharts as the markup of an SVG, drawn without a page.
 *
 * Colours are names of the style sheet, such as var(--ink), so the chart follows light and dark. The text is sized for the
 * width of a telephone; on wider pages the whole chart grows.
 */
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkLineComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { escapeHtml, type Html, trustMarkup } from "../html/html.js";

use([BarChart, CustomChart, LineChart, ScatterChart]);
use([GridComponent, MarkLineComponent, SVGRenderer]);

export interface SvgSize {
  readonly width: number;
  readonly height: number;
}

/** `label` is what a screen reader says instead. */
export function drawSvg(option: EChartsCoreOption, { width, height }: SvgSize, label: string): Html {
  const chart = init(null, null, { ssr: true, renderer: "svg", width, height });
  try {
    chart.setOption({ animation: false, color: ["var(--soft)"], ...option });
    const drawn = chart.renderToSVGString({ useViewBox: true });
    return trustMarkup(
      `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">${innerOf(drawn)}</svg>`,
    );
  } finally {
    chart.dispose();
  }
}

/** Without what reacts to a pointer; references within it get a name that no other chart of the page has. */
function innerOf(svg: string): string {
  const inner = svg
    .replace(/^<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/<style\s*>[\s\S]*?<\/style>/g, "")
    .replace(/ (?:ecmeta_\w+|class|pointer-events|xml:space)="[^"]*"/g, "")
    .replace(/<defs\s*>\s*<\/defs>/g, "")
    .replace(/\n+/g, "");
  const own = digest(inner.replace(/zr\d+-/g, "zr-"));
  return inner.replace(/zr\d+-/g, `c${own}-`);
}

/** FNV-1a: equal charts may share a name, so a report comes out the same every time. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** Between the page and its worker. */
import type { PagePlace, PageReport, PageRun } from "../suite/page-protocol.js";

export type ToWorker =
  | { readonly kind: "start"; readonly run: PageRun; readonly place: PagePlace; readonly visible: boolean }
  | { readonly kind: "visible"; readonly visible: boolean }
  | { readonly kind: "stop"; readonly why: string };

/** What ends with "done" or "failed" says nothing more. */
export type FromWorker =
  | Exclude<PageReport, { readonly kind: "alive" | "closed" }>
  | { readonly kind: "case"; readonly index: number; readonly count: number };

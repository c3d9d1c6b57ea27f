import { TlxClassifierElement } from "./tlx-classifier.js";

/** Registers <tlx-classifier>, once; does nothing where there is no page. */
export function defineClassifier(): void {
  if (typeof customElements === "undefined" || customElements.get("tlx-classifier")) return;
  customElements.define("tlx-classifier", TlxClassifierElement);
}

/** Registers <tlx-classifier> when it is loaded; does nothing where there is no page. */
import { defineClassifier } from "./element/define.js";

export { TlxClassifierElement } from "./element/tlx-classifier.js";

defineClassifier();

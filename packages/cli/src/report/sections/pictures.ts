/** The pictures that tell most: where it was sure and wrong, and where it did not know. */
import { type Html, html } from "../../html/html.js";
import { name } from "../../html/name.js";
import { notice } from "../../html/parts.js";
import type { Findings, Shown } from "../findings.js";
import type { Judged } from "../measure-run.js";
import { pictureList } from "./picture-list.js";
import { plural, share } from "./words.js";

const sayMistake = ({ label, predicted, confidence, probabilities }: Judged, classes: readonly string[]): Html =>
  html`<p><span class="bad">named ${name(classes[predicted]!)}</span>, ${share(confidence)}</p>
<p>is ${name(classes[label]!)}, ${share(probabilities[label])}</p>`;

function sayUncertain({ label, predicted, probabilities }: Judged, classes: readonly string[]): Html {
  const order = Array.from(probabilities, (p, c) => ({ p, c })).sort((a, b) => b.p - a.p);
  return html`${order.slice(0, 2).map(({ p, c }) => html`<p>${name(classes[c]!)}, ${share(p)}</p>`)}
<p>${label === predicted ? html`<span class="good">right</span>` : html`<span class="bad">is ${name(classes[label]!)}</span>`}</p>`;
}

export function picturesSection({ mistakes, uncertain, missing, module, root, record, judged }: Findings): Html {
  const { classes } = record.description;
  const list = (shown: readonly Shown<Judged>[], say: typeof sayMistake): Html =>
    pictureList(
      shown.map(({ of, picture }) => ({ file: of.file, picture, said: say(of, classes) })),
      root,
    );
  const gone =
    missing.length > 0 &&
    notice(
      "warn",
      `${plural(missing.length, "picture")} that it was measured on ${missing.length === 1 ? "is" : "are"} not there any more, or cannot be read`,
      judged.length === 0
        ? "Figures are those that the run wrote down; what needs the pictures is left out. tlx report RUN --data DIR names the folder they are in now."
        : "They are left out of all figures but the curves.",
    );
  if (judged.length === 0) return html`${gone}`;
  return html`${gone}<p>Each picture is shown as the network sees it, cut to a square. ${
    module &&
    html`Beside it the same under a Grad-CAM map: the brighter, the more a place speaks for the class it was named, as layer <code>${module}</code> sees it.
Bright places off the object mean that it goes by something else, such as the background.`
  }</p>
<h3>Most confident mistakes</h3>
${mistakes.length === 0 ? html`<p>There are none: all pictures were named right.</p>` : list(mistakes, sayMistake)}
<h3>Most uncertain pictures</h3>
<p class="soft">Those of which the two most probable classes are nearest to each other. More pictures like these would teach it most.</p>
${list(uncertain, sayUncertain)}`;
}

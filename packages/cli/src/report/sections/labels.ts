/** Labels that are probably wrong, and pictures that are there more than once. */
import type { DuplicateGroup } from "@tlx/transfer";
import { type Html, html } from "../../html/html.js";
import { name } from "../../html/name.js";
import { command, notice } from "../../html/parts.js";
import { quoteForShell } from "../../printable.js";
import { UNSURE } from "../choose-pictures.js";
import type { DuplicatePictures, Findings } from "../findings.js";
import { pictureList } from "./picture-list.js";
import { count, plural, share } from "./words.js";

function suspectsPart({ suspects, record, root, quick }: Findings): Html | undefined {
  if (!suspects) return undefined;
  const { classes } = record.description;
  const { train, val, shown } = suspects;
  const looked = (train?.looked ?? 0) + val.looked;
  const estimated = Math.round((train?.estimated ?? 0) + val.estimated);
  const errors = ((train?.contradicted ?? 0) + val.contradicted) / looked;
  const finding =
    errors > UNSURE
      ? `What judges the labels contradicts ${share(errors)} of ${plural(looked, "label")}: it errs too often to accuse any. Below is where it contradicts most.`
      : estimated === 0
        ? `Of ${plural(looked, "label")} none looks wrong, as confident learning estimates it.`
        : `Up to ${plural(estimated, "label")} of ${count(looked)} may be wrong, as confident learning estimates it.`;
  const about = train
    ? html`Each picture that it learned from was judged by linear classifiers on the frozen features which had not seen it, those it was measured on by the model.`
    : html`Only pictures that it was measured on can be judged${!quick && " here, since features that learned know the labels of the others"}.`;
  return html`<h3>Suspected label errors</h3>
<p>${finding} ${about}
The weaker the model, the more of these suspicions are false: look before you change a label.</p>
${
  shown.length > 0 &&
  pictureList(
    shown.map(({ of, picture }) => ({
      file: of.file,
      picture,
      said: html`<p>labelled <span class="bad">${name(classes[of.label]!)}</span>, ${share(of.probabilities[of.label])}</p>
<p>looks like ${name(classes[of.suggested]!)}, ${share(of.probabilities[of.suggested])}</p>`,
    })),
    root,
  )
}`;
}

const sayGroup = ({ kind, pictures, acrossSplits, differentLabels }: DuplicateGroup): Html =>
  html`<p>${plural(pictures.length, "picture")}, ${kind === "same" ? "equal files" : "nearly equal"}${
    acrossSplits && html`; <span class="bad">learned from and measured on</span>`
  }${differentLabels && html`; <span class="bad">labelled differently</span>`}</p>`;

function duplicatesPart({ scan, shown }: DuplicatePictures, { root }: Findings): Html {
  const { duplicates } = scan;
  const across = duplicates.filter((g) => g.acrossSplits).length;
  return html`<h3>Copies</h3>
${
  across > 0 &&
  notice(
    "warn",
    `${plural(across, "group")} of copies ${across === 1 ? "has" : "have"} pictures on both sides`,
    "What is measured on was learned from: the accuracy is too high. Remove them from one side and train again.",
  )
}${duplicates.length === 0 ? html`<p>Of ${plural(scan.pictures, "picture")} none is a copy of another, equal, scaled, cut, recoloured or mirrored.</p>` : html`<p>${plural(duplicates.length, "group")} of copies among ${plural(scan.pictures, "picture")}.</p>`}
${duplicates.slice(0, shown.length).map(
  (group, g) =>
    html`${sayGroup(group)}${pictureList(
      shown[g]!.map((picture, i) => {
        const { file, split, label } = group.pictures[i]!;
        const named = scan.classes[label]?.name;
        return {
          file,
          picture: picture && { ...picture, heat: undefined },
          said: html`<p>${split}${named !== undefined && html`, ${name(named)}`}</p>`,
        };
      }),
      root,
    )}`,
)}${duplicates.length > shown.length && html`<p class="soft">and ${plural(duplicates.length - shown.length, "group")} more</p>`}`;
}

export function labelsSection(findings: Findings): Html | undefined {
  const { suspects, duplicates, quick, record } = findings;
  if (!suspects && !duplicates) return undefined;
  return html`${suspectsPart(findings)}${duplicates && duplicatesPart(duplicates, findings)}${
    quick &&
    html`<p>Pictures that it learned from, and copies, are looked for by</p>${command(`tlx report ${quoteForShell(record.folder)}`)}`
  }`;
}

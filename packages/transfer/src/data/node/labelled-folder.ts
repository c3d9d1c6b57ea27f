import { check } from "@tlx/kernels";
import type { LabelledSamples } from "../../run/match-classes.js";
import { labelled, listFolders, readSplit, valNames } from "../class-folders.js";
import type { Dataset } from "../dataset.js";
import { quoteName } from "../quote-name.js";
import { openTree } from "./image-folder.js";

/**
 * The pictures to measure a trained model on: DIR/CLASS/picture, or those of DIR/val/ (valid/, validation/, test/) where
 * there is such a folder. One class is enough. Throws E_DATA when there is none.
 */
export async function labelledFolder(dir: string): Promise<LabelledSamples & Pick<Dataset, "skipped">> {
  const tree = await openTree(dir);
  const folders = await listFolders(tree, dir);
  const val = [...valNames, "test"].find((name) => folders.includes(name));
  const base = val === undefined ? dir : tree.join(dir, val);
  const skipped: { file: string; reason: string }[] = [];
  const classes = await readSplit(tree, base, skipped);
  check(
    classes.length > 0,
    "E_DATA",
    () =>
      `folder ${quoteName(base)}: expected a folder for each class, found none; arrange it as DIR/CLASS/*.jpg or DIR/val/CLASS/*.jpg`,
  );
  return { classes: classes.map((c) => c.name), samples: labelled(classes), skipped };
}

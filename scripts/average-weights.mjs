/**
 * The mean of several trainings of one network, tensor by tensor, statistics of batch norms too: where one began from another's end,
 * it generalises better than either (M. Wortsman et al., Model soups, 2022). Half floats where the files have them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseSafetensors, writeSafetensors } from "../packages/transfer/dist/index.js";
import { halveTensors } from "../packages/transfer/dist/weights/half-tensors.js";
import { toFloat32 } from "../packages/transfer/dist/weights/safetensors.js";

/**
 * @param {ReturnType<typeof parseSafetensors>["tensors"]} tensors
 * @param {string} name
 */
function stored(tensors, name) {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`expected files of one network, found one without "${name}"`);
  return tensor;
}

/**
 * @param {readonly string[]} files of the same tensors
 * @param {string} output
 */
export function averageWeights(files, output) {
  const all = files.map((file) => parseSafetensors(readFileSync(file)));
  const [{ tensors, metadata }] = all;
  const means = [...tensors].map(([name, { shape }]) => {
    const values = all.map(({ tensors: of }) => toFloat32(stored(of, name)));
    const data = Float32Array.from(values[0], (_, i) => values.reduce((sum, of) => sum + of[i], 0) / values.length);
    return /** @type {const} */ ([name, { name, dtype: "F32", shape, bytes: new Uint8Array(data.buffer) }]);
  });
  const isHalved = [...tensors.values()].some(({ dtype }) => dtype === "F16");
  writeFileSync(output, writeSafetensors(isHalved ? halveTensors(new Map(means)) : new Map(means), metadata));
}

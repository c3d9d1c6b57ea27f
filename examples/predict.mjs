// Names what is in pictures: node examples/predict.mjs mobilenet_v2.safetensors photo.jpg ...
import { openGpu } from "@tlx/kernels/node"; // in a page: "@tlx/kernels/browser"
import { findModel, imagenetLabels, loadPretrained, Predictor, parseSafetensors } from "@tlx/transfer";
import { decodeAll, readWeightsFile } from "@tlx/transfer/node";

const [weights, ...files] = process.argv.slice(2);
const gpu = await openGpu();
const model = findModel("mobilenet-v2");
const network = loadPretrained(model, parseSafetensors(await readWeightsFile(weights)), { batch: 1 });
const predictor = await Predictor.create(gpu, network, { preprocess: model.preprocess, labels: imagenetLabels });
for await (const result of predictor.run(decodeAll(files.map((file) => ({ file }))))) {
  console.log(result.item.file, "row" in result ? predictor.top(result.row, 1)[0] : result.error.message);
}
predictor.dispose();
gpu.dispose();

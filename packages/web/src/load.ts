/** What this package takes of the browser entry of @tlx/transfer. */
export { decodeImage, fetchWeights, readWeights } from "@tlx/transfer/browser";

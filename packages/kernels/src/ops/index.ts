export { type NoParams, relu, relu6 } from "./relu/op.js";

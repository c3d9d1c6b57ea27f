export { interpret } from "./interpret.js";

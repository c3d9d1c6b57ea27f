export { interpret, interpretStep } from "./interpret.js";

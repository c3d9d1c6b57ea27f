export { basicRules, type GradientRules } from "./grad/basic-rules.js";
export { gradientRules } from "./grad/gradient-rules.js";

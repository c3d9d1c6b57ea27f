import type { VariantSet } from "../op.js";
import { tiledWorkOf as convolutionOf } from "../ops/conv2d/op.js";
import { type Form, productForms, tiledWorkOf as productOf } from "../ops/matmul/op.js";
import { subgroupMatrixVariants } from "../variants/subgroup-matrix-variant.js";

const { matmul, matmulTransposeA, matmulTransposeB } = productForms;
const ofProduct = (form: Form): VariantSet[string] => subgroupMatrixVariants(productOf(form));

/** For adapters with subgroup matrices, where tuning finds them to be the fastest. */
export const matrixVariants: VariantSet = {
  conv2d: /* @__PURE__ */ subgroupMatrixVariants(convolutionOf),
  matmul: /* @__PURE__ */ ofProduct(matmul),
  matmulTransposeA: /* @__PURE__ */ ofProduct(matmulTransposeA),
  matmulTransposeB: /* @__PURE__ */ ofProduct(matmulTransposeB),
};

/** Gradients as jax-js derives them: of the sum of the op's result times the gradient that comes in. What of the op's own result is not needed drops out. */
import { cannot } from "../cannot.js";
import { extrasOf } from "../extras.js";
import { permute, toChannelsFirst, toOutputsFirst } from "../layout.js";
import { convolution, otherAxes, perChannel, pool } from "./parts.js";

/** d sum(f(x) * dy) / dx at `x`, which is used up. */
const pull = ({ grad, numpy: np }, f, x, dy) => grad((v) => np.sum(f(v).mul(dy.ref)))(x);

/** dy where y is strictly inside, else 0; uses up dy. */
const gate = ({ numpy: np }, y, dy, activation) => {
  const open = y.ref.greater(0).astype(np.float32);
  return dy.mul(activation === "relu6" ? open.mul(y.ref.less(6).astype(np.float32)) : open);
};

const inputGrad =
  (groupsOf) =>
  (jax, inputs, params, { results }) => {
    const [dy, w] = inputs;
    const zeros = jax.numpy.zeros(permute(results[0].shape, toChannelsFirst));
    const groups = groupsOf(params, dy.shape[1]);
    let dx = pull(jax, (x) => convolution(jax, x, w.ref, params, groups), zeros, dy);
    const given = extrasOf(params, inputs);
    if (given.scale) dx = dx.mul(perChannel(given.scale, 4));
    if (given.residual) dx = dx.add(given.residual.ref);
    return given.gate ? gate(jax, given.gate, dx, params.activation) : dx;
  };

const weightGrad =
  (groupsOf) =>
  (jax, [x, dy], params, { results }) => {
    const zeros = jax.numpy.zeros(permute(results[0].shape, toOutputsFirst));
    return pull(jax, (w) => convolution(jax, x.ref, w, params, groupsOf(params, x.shape[1])), zeros, dy);
  };

const given = ({ groups }) => groups;
const each = (_, channels) => channels;

export const gradients = {
  conv2dInputGrad: inputGrad(given),
  conv2dWeightGrad: weightGrad(given),
  depthwiseConv2dInputGrad: inputGrad(each),
  depthwiseConv2dWeightGrad: weightGrad(each),
  maxPoolGrad: (jax, [x, , dy], params, { specs }) =>
    pull(jax, (v) => pool(jax, v, "max", params, specs[1].shape), x.ref, dy),
  averagePoolGrad(jax, [dy], params, { specs, results }) {
    if (params.ceilMode || (!params.countPadding && params.pad.some((p) => p > 0))) {
      cannot("jax-js: an average that leaves out padding is not written");
    }
    const zeros = jax.numpy.zeros(permute(results[0].shape, toChannelsFirst));
    return pull(jax, (v) => pool(jax, v, "mean", params, specs[0].shape), zeros, dy);
  },
  globalAveragePoolGrad({ numpy: np }, [dy], { size: [h, w] }) {
    const [n, c] = dy.shape;
    return np.broadcastTo(dy.ref.mul(1 / (h * w)).reshape([n, c, 1, 1]), [n, c, h, w]);
  },
  batchNormParamGrad({ numpy: np }, [x, mean, rstd, dy]) {
    const normal = x.ref.sub(perChannel(mean, x.ndim)).mul(perChannel(rstd, x.ndim));
    return [np.sum(normal.mul(dy.ref), otherAxes(x)), np.sum(dy.ref, otherAxes(x))];
  },
  batchNormInputGrad(_, [x, weight, mean, rstd, dy, dweight, dbias]) {
    const n = x.size / weight.size;
    const vector = (v) => {
      const turned = perChannel(v, x.ndim);
      v.dispose();
      return turned;
    };
    const slope = vector(rstd.ref.mul(dweight.ref).mul(1 / n));
    const centred = dy.ref.sub(vector(dbias.ref.mul(1 / n))).sub(x.ref.sub(perChannel(mean, x.ndim)).mul(slope));
    return centred.mul(vector(weight.ref.mul(rstd.ref)));
  },
  reluGrad: (jax, [y, dy]) => gate(jax, y, dy.ref, "relu"),
  relu6Grad: (jax, [y, dy]) => gate(jax, y, dy.ref, "relu6"),
};

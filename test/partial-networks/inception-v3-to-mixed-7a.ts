import type { Value } from "@tlx/kernels";
import {
  activate,
  averagePool,
  type ConvOptions,
  concat,
  conv2d,
  globalAveragePool,
  maxPool,
  type Scope,
} from "@tlx/nn";

/** Convolution with its batch norm folded in, and ReLU. */
function convRelu(s: Scope, x: Value, options: ConvOptions): Value {
  return activate(s, conv2d(s.at("conv"), x, { ...options, bias: true }), "relu");
}

const row = (out: number): ConvOptions => ({ out, kernel: [1, 7], pad: [0, 3] });
const column = (out: number): ConvOptions => ({ out, kernel: [7, 1], pad: [3, 0] });

/** Convolutions `<branch>_1`, `<branch>_2`, ... one after the other. */
function branch(s: Scope, x: Value, name: string, convs: readonly ConvOptions[]): Value {
  return convs.reduce((y, options, i) => convRelu(s.at(`${name}_${i + 1}`), y, options), x);
}

/** These weights were trained with averages that leave the padding out. */
function branchPool(s: Scope, x: Value, out: number): Value {
  const pool = s.at("branch_pool");
  return convRelu(pool, averagePool(pool, x, { kernel: 3, pad: 1, countPadding: false }), { out, kernel: 1 });
}

function mixed5(s: Scope, x: Value, poolOut: number): Value {
  const triple = [
    { out: 64, kernel: 1 },
    { out: 96, kernel: 3, pad: 1 },
    { out: 96, kernel: 3, pad: 1 },
  ];
  return concat(s, [
    convRelu(s.at("branch1x1"), x, { out: 64, kernel: 1 }),
    branch(s, x, "branch5x5", [
      { out: 48, kernel: 1 },
      { out: 64, kernel: 5, pad: 2 },
    ]),
    branch(s, x, "branch3x3dbl", triple),
    branchPool(s, x, poolOut),
  ]);
}

function mixed6a(s: Scope, x: Value): Value {
  return concat(s, [
    convRelu(s.at("branch3x3"), x, { out: 384, kernel: 3, stride: 2 }),
    branch(s, x, "branch3x3dbl", [
      { out: 64, kernel: 1 },
      { out: 96, kernel: 3, pad: 1 },
      { out: 96, kernel: 3, stride: 2 },
    ]),
    maxPool(s, x, { kernel: 3, stride: 2 }),
  ]);
}

function mixed6(s: Scope, x: Value, narrow: number): Value {
  const start = { out: narrow, kernel: 1 };
  return concat(s, [
    convRelu(s.at("branch1x1"), x, { out: 192, kernel: 1 }),
    branch(s, x, "branch7x7", [start, row(narrow), column(192)]),
    branch(s, x, "branch7x7dbl", [start, column(narrow), row(narrow), column(narrow), row(192)]),
    branchPool(s, x, 192),
  ]);
}

function mixed7a(s: Scope, x: Value): Value {
  const start = { out: 192, kernel: 1 };
  return concat(s, [
    branch(s, x, "branch3x3", [start, { out: 320, kernel: 3, stride: 2 }]),
    branch(s, x, "branch7x7x3", [start, row(192), column(192), { out: 192, kernel: 3, stride: 2 }]),
    maxPool(s, x, { kernel: 3, stride: 2 }),
  ]);
}

/** Inception v3 up to and with Mixed_7a, batch norm folded: image [N, 299, 299, 3] -> averaged features [N, 1280]. */
export function buildInceptionV3ToMixed7a(s: Scope, image: Value): Value {
  let x = convRelu(s.at("Conv2d_1a_3x3"), image, { out: 32, kernel: 3, stride: 2 });
  x = convRelu(s.at("Conv2d_2a_3x3"), x, { out: 32, kernel: 3 });
  x = convRelu(s.at("Conv2d_2b_3x3"), x, { out: 64, kernel: 3, pad: 1 });
  x = maxPool(s.at("maxpool1"), x, { kernel: 3, stride: 2 });
  x = convRelu(s.at("Conv2d_3b_1x1"), x, { out: 80, kernel: 1 });
  x = convRelu(s.at("Conv2d_4a_3x3"), x, { out: 192, kernel: 3 });
  x = maxPool(s.at("maxpool2"), x, { kernel: 3, stride: 2 });
  for (const [name, poolOut] of [
    ["5b", 32],
    ["5c", 64],
    ["5d", 64],
  ] as const) {
    x = mixed5(s.at(`Mixed_${name}`), x, poolOut);
  }
  x = mixed6a(s.at("Mixed_6a"), x);
  for (const [name, narrow] of [
    ["6b", 128],
    ["6c", 160],
    ["6d", 160],
    ["6e", 192],
  ] as const) {
    x = mixed6(s.at(`Mixed_${name}`), x, narrow);
  }
  return globalAveragePool(s.at("avgpool"), mixed7a(s.at("Mixed_7a"), x));
}

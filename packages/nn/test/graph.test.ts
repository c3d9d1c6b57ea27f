import { add, conv2d as conv2dOp, f32, matmul, relu, TlxError } from "@tlx/kernels";
import { activate, conv2d, GraphBuilder, linear, printGraph, Scope } from "@tlx/nn";
import { describe, expect, it } from "vitest";

/** The error a call throws, as "CODE message". */
function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TlxError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
}

describe("a graph whose shapes do not fit", () => {
  it("names op, path and shapes of a convolution", () => {
    const b = new GraphBuilder();
    const x = b.input("image", f32(2, 9, 8, 3));
    const scope = new Scope(b).at("features.0").at("conv");
    expect(failure(() => conv2d(scope, x, { out: 16, kernel: 12 }))).toMatchInlineSnapshot(
      `"E_SHAPE conv2d "features.0.conv": the kernel spans 12 in height (kernel 12, dilation 1) but the padded input has only 9 (9 + 0 + 0)"`,
    );
    const params = { stride: [1, 1], pad: [1, 1, 1, 1], dilation: [1, 1], groups: 1, activation: "none" } as const;
    const w = b.param("w", f32(3, 3, 4, 16));
    expect(failure(() => b.apply(conv2dOp, [x, w], params, "features.1"))).toMatchInlineSnapshot(
      `"E_SHAPE conv2d "features.1": weight expects 4 input channels (C/groups of f32[3, 3, 4, 16], groups 1) but x has 3 (C of f32[2, 9, 8, 3])"`,
    );
  });

  it("names op, path and shapes of a dense layer and a sum", () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(2, 6));
    const w = b.param("w", f32(7, 3));
    expect(failure(() => b.apply(matmul, [x, w], { activation: "none" }, "classifier.1"))).toMatchInlineSnapshot(
      `"E_SHAPE matmul "classifier.1": a has K = 6 (K of [M, K] = f32[2, 6]) but b has 7 (K of [K, N] = f32[7, 3])"`,
    );
    const s = new Scope(b, "block.3");
    expect(failure(() => s.apply(add, [x, w], {}))).toMatchInlineSnapshot(
      `"E_SHAPE add "block.3": expects two f32 inputs of one shape, found f32[2, 6] and f32[7, 3]"`,
    );
  });

  it("names the layer before its params are shaped", () => {
    const b = new GraphBuilder();
    const s = new Scope(b, "head");
    const image = b.input("image", f32(2, 9, 8, 3));
    expect([
      failure(() => linear(s, image, 10)),
      failure(() => conv2d(s, b.input("x", f32(2, 6)), { out: 4, kernel: 1 })),
      failure(() => conv2d(s, image, { out: 4, kernel: 1, groups: 2 })),
    ]).toMatchInlineSnapshot(`
      [
        "E_SHAPE linear "head": expects x [N, in], found f32[2, 9, 8, 3]",
        "E_SHAPE conv2d "head": expects x [N, H, W, C] with C divisible by 1 groups, found f32[2, 6]",
        "E_SHAPE conv2d "head": expects x [N, H, W, C] with C divisible by 2 groups, found f32[2, 9, 8, 3]",
      ]
    `);
  });

  it("carries the path for programs", () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(2, 6));
    try {
      b.apply(add, [x], {}, "here");
      expect.unreachable();
    } catch (error) {
      expect((error as TlxError).details.path).toBe("here");
      expect((error as TlxError).code).toBe("E_SHAPE");
    }
  });
});

describe("names", () => {
  it("refuses a param, state, input, output or mark that is declared twice", () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(2, 6));
    b.param("p", f32(3));
    b.state("q", f32(3));
    b.output("y", x);
    b.mark("m", x);
    expect([
      failure(() => b.param("p", f32(3))),
      failure(() => b.state("q", f32(3))),
      failure(() => b.param("q", f32(3))),
      failure(() => b.state("p", f32(3))),
      failure(() => b.input("x", f32(3))),
      failure(() => b.output("y", x)),
      failure(() => b.mark("m", x)),
    ]).toMatchInlineSnapshot(`
      [
        "E_GRAPH graph: param "p" is declared twice; give every layer a path of its own",
        "E_GRAPH graph: state "q" is declared twice; give every layer a path of its own",
        "E_GRAPH graph: param "q" is declared twice; give every layer a path of its own",
        "E_GRAPH graph: state "p" is declared twice; give every layer a path of its own",
        "E_GRAPH graph: input "x" is declared twice; give every layer a path of its own",
        "E_GRAPH graph: output "y" is set twice",
        "E_GRAPH graph: mark "m" is set twice",
      ]
    `);
    expect(failure(() => linear(new Scope(b, "p"), x, 3))).toBe("nothing was thrown");
    expect(failure(() => linear(new Scope(b, "p"), x, 3))).toContain('param "p.weight" is declared twice');
  });

  it("refuses values of another graph", () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(2, 6));
    const foreign = new GraphBuilder().input("x", f32(2, 6));
    expect([
      failure(() => b.apply(add, [x, foreign], {}, "sum")),
      failure(() => b.output("y", foreign)),
      failure(() => b.mark("y", foreign)),
    ]).toMatchInlineSnapshot(`
      [
        "E_GRAPH add "sum": input 1 is not a value of this graph; build both with one builder",
        "E_GRAPH graph: output "y" is not a value of this graph",
        "E_GRAPH graph: mark "y" is not a value of this graph",
      ]
    `);
  });
});

it("does not change a finished graph when the builder goes on", () => {
  const b = new GraphBuilder();
  const x = b.input("x", f32(2, 6));
  const graph = b.finish();
  b.output("y", b.apply(relu, [x], {})[0]!);
  b.mark("m", x);
  b.param("p", f32(1));
  expect([graph.nodes.length, graph.outputs.size, graph.marks.size, graph.params.size]).toEqual([0, 0, 0, 0]);
  const next = GraphBuilder.from(graph);
  const fresh = next.param("p", f32(1));
  expect([...graph.inputs.values()].map((v) => v.id)).not.toContain(fresh.id);
});

it("prints one aligned line per node", () => {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const x = b.input("image", f32(2, 9, 8, 3));
  const c = activate(s.at("stem"), conv2d(s.at("stem"), x, { out: 16, kernel: 3, pad: 1, bias: true }), "relu6");
  b.output("y", c);
  expect(`\n${printGraph(b.finish())}\n`).toMatchInlineSnapshot(`
    "
    path  op       result            params
    stem  conv2d   f32[2, 9, 8, 16]     432
    stem  addBias  f32[2, 9, 8, 16]      16
    stem  relu6    f32[2, 9, 8, 16]       0
    "
  `);
});

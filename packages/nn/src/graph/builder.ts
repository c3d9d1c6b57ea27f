import { type Emit, f32, flattenOffsets, type Op, type Spec, TlxError, type Value } from "@tlx/kernels";
import type { Block, BlockStart, Graph, LargeNodes, Node } from "./graph.js";

/** Builds a graph; models use it through a Scope, passes directly. */
export class GraphBuilder implements Emit {
  private readonly inputs = new Map<string, Value>();
  private readonly params = new Map<string, Value>();
  private readonly states = new Map<string, Value>();
  private readonly blocks = new Map<string, Block>();
  private readonly outputs = new Map<string, Value>();
  private readonly marks = new Map<string, Value>();
  private readonly nodes: Node[] = [];
  private readonly makers = new Map<Value, Node>();
  private readonly known = new Set<Value>();
  private nextId = 0;
  /** Path given to nodes applied without one; gradient rules inherit it from the forward node. */
  path = "";
  /** See `Graph`. */
  large: LargeNodes | undefined;

  /** A builder that continues `graph`: same values, nodes and names. */
  static from(graph: Graph): GraphBuilder {
    const b = new GraphBuilder();
    for (const kind of ["inputs", "params", "states", "outputs", "marks"] as const) {
      for (const [name, value] of graph[kind]) {
        b[kind].set(name, value);
        b.known.add(value);
        b.nextId = Math.max(b.nextId, value.id + 1);
      }
    }
    for (const [path, block] of graph.blocks) b.blocks.set(path, block);
    b.large = graph.large;
    for (const node of graph.nodes) {
      b.nodes.push(node);
      for (const value of node.outputs) {
        b.makers.set(value, node);
        b.known.add(value);
        b.nextId = Math.max(b.nextId, value.id + 1);
      }
    }
    return b;
  }

  input(name: string, spec: Spec): Value {
    return this.declare(this.inputs, "input", name, spec);
  }

  /** A trained weight; asking twice for the same path is an error. */
  param(path: string, spec: Spec): Value {
    return this.declare(this.params, "param", path, spec);
  }

  state(path: string, spec: Spec): Value {
    return this.declare(this.states, "state", path, spec);
  }

  /** A state over the params at `params` with a state of its extent per name in `beside`; returns it and these. */
  block(path: string, params: readonly string[], beside: Readonly<Record<string, BlockStart>>): readonly Value[] {
    const specs = params.map((p) => {
      const value = this.params.get(p);
      if (!value) throw new TlxError("E_GRAPH", `graph: block "${path}" names "${p}", which is no param`);
      const taken = [...this.blocks].find(([, block]) => block.params.includes(p));
      if (taken) throw new TlxError("E_GRAPH", `graph: param "${p}" is in block "${taken[0]}" already`);
      return value.spec;
    });
    const spec = f32(flattenOffsets(specs).at(-1)!);
    const states = new Map(Object.entries(beside).map(([name, start]) => [`${path}/${name}`, start]));
    this.blocks.set(path, { params: [...params], beside: states });
    return [path, ...states.keys()].map((p) => this.state(p, spec));
  }

  private declare(where: Map<string, Value>, kind: string, path: string, spec: Spec): Value {
    // Params and states share one set of weights, so a path names one or the other.
    const taken = where === this.inputs ? [where] : [this.params, this.states];
    if (taken.some((names) => names.has(path))) {
      throw new TlxError("E_GRAPH", `graph: ${kind} "${path}" is declared twice; give every layer a path of its own`);
    }
    const value = { id: this.nextId++, spec, path };
    where.set(path, value);
    this.known.add(value);
    return value;
  }

  /** Is `value` made or declared in this graph? */
  has(value: Value): boolean {
    return this.known.has(value);
  }

  /** Adds a node. What the op's shape rule refuses is reported with the path of the node. */
  apply<P>(op: Op<P>, inputs: readonly Value[], params: P, path: string = this.path): readonly Value[] {
    const foreign = inputs.findIndex((v) => !this.known.has(v));
    if (foreign >= 0) {
      throw new TlxError(
        "E_GRAPH",
        `${op.name} "${path}": input ${foreign} is not a value of this graph; build both with one builder`,
        { path },
      );
    }
    let specs: readonly Spec[];
    try {
      specs = op.infer(
        inputs.map((v) => v.spec),
        params,
      );
    } catch (error) {
      if (!(error instanceof TlxError)) throw error;
      const rest = error.message.startsWith(`${op.name}: `) ? error.message.slice(op.name.length + 2) : error.message;
      throw new TlxError(error.code, `${op.name} "${path}": ${rest}`, { ...error.details, path });
    }
    const outputs = specs.map((spec) => ({ id: this.nextId++, spec, path }));
    const node: Node = { op, inputs: [...inputs], outputs, params, path };
    this.nodes.push(node);
    for (const value of outputs) {
      this.makers.set(value, node);
      this.known.add(value);
    }
    return outputs;
  }

  output(name: string, value: Value): void {
    this.name(this.outputs, "output", name, value);
  }

  mark(path: string, value: Value): void {
    this.name(this.marks, "mark", path, value);
  }

  private name(where: Map<string, Value>, kind: string, name: string, value: Value): void {
    if (!this.known.has(value)) throw new TlxError("E_GRAPH", `graph: ${kind} "${name}" is not a value of this graph`);
    if (where.has(name)) throw new TlxError("E_GRAPH", `graph: ${kind} "${name}" is set twice`);
    where.set(name, value);
  }

  /** The node that computes `value`; undefined for inputs, params and states. */
  maker(value: Value): Node | undefined {
    return this.makers.get(value);
  }

  /** Takes a node out again, for a pass that replaces it by a fused one. Nothing may read its outputs. */
  remove(node: Node): void {
    this.nodes.splice(this.nodes.lastIndexOf(node), 1);
    for (const value of node.outputs) {
      this.makers.delete(value);
      this.known.delete(value);
    }
  }

  /**
   * Puts a node like `node` but for `params` in its place; returns its outputs. With `more` inputs it moves behind all other
   * nodes, which may have made them. No node may read the first output yet, nor with more inputs any other.
   */
  replace(node: Node, params: unknown, more: readonly Value[] = []): readonly Value[] {
    const at = this.nodes.lastIndexOf(node);
    const made = this.apply(node.op, [...node.inputs, ...more], params, node.path);
    this.remove(node);
    if (more.length === 0) this.nodes.splice(at, 0, this.nodes.pop() as Node);
    return made;
  }

  /** Does a node so far read an output of `node`? */
  isRead(node: Node): boolean {
    return this.nodes.some(({ inputs }) => inputs.some((value) => node.outputs.includes(value)));
  }

  /** The graph so far; what the builder does later does not change it. */
  finish(): Graph {
    const { inputs, params, states, blocks, outputs, marks, nodes } = this;
    return {
      inputs: new Map(inputs),
      params: new Map(params),
      states: new Map(states),
      blocks: new Map(blocks),
      outputs: new Map(outputs),
      marks: new Map(marks),
      nodes: [...nodes],
      ...(this.large && { large: this.large }),
    };
  }
}

/** Names params and nodes by their place in the network: what a model function receives. */
export class Scope {
  readonly builder: GraphBuilder;
  readonly path: string;

  constructor(builder: GraphBuilder, path = "") {
    this.builder = builder;
    this.path = path;
  }

  private join(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }

  /** A scope one level down: at("features").at("0"), or at("features.0"). */
  at(name: string): Scope {
    return new Scope(this.builder, this.join(name));
  }

  param(name: string, spec: Spec): Value {
    return this.builder.param(this.join(name), spec);
  }

  state(name: string, spec: Spec): Value {
    return this.builder.state(this.join(name), spec);
  }

  /** Applies an op at this path and returns its first output. */
  apply<P>(op: Op<P>, inputs: readonly Value[], params: P): Value {
    return this.builder.apply(op, inputs, params, this.path)[0] as Value;
  }

  /** Names the result of this module, so that it can be read or cut at. Returns the value. */
  mark(value: Value): Value {
    this.builder.mark(this.path, value);
    return value;
  }
}

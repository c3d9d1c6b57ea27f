/**
 * The convolutions of a network and of a narrower one that has the same layers, in pairs, and the chains of them whose channels
 * are fewer: what makes the channels, depthwise convolutions of each by itself, and the 1x1 convolution that reads them.
 */
import { batchNorm, check, conv2d, depthwiseConv2d, TlxError, type Value } from "@tlx/kernels";
import type { Graph, Node } from "@tlx/nn";

export interface LayerPair {
  /** A convolution with bias. */
  readonly teacher: Node;
  /** Paths of the student's convolution and of the batch norm after it. */
  readonly conv: string;
  readonly norm: string;
  /** Output channels of the student's. */
  readonly out: number;
}

export interface Chain {
  /** All of the same channels, which are fewer in the student. */
  readonly members: readonly LayerPair[];
  /** Which alone reads them. */
  readonly reader: LayerPair;
}

export interface MatchedLayers {
  readonly pairs: readonly LayerPair[];
  readonly chains: readonly Chain[];
}

const isConvolution = ({ op }: Node): boolean => op === conv2d || op === depthwiseConv2d;

/** [KH, KW, C / groups, OC]. */
const weightShape = (node: Node): readonly number[] => node.inputs[1]!.spec.shape;
const channelsOf = (node: Node): number => weightShape(node)[3]!;

/** How windows lie. */
function windowsOf(node: Node): string {
  const { stride, pad, dilation } = node.params as Readonly<Record<string, unknown>>;
  return JSON.stringify([node.op.name, weightShape(node).slice(0, 2), stride, pad, dilation]);
}

/** `teacher` with batch norms folded, `student` with batch norms. Throws E_USAGE when one cannot be had from the other. */
export function matchLayers(teacher: Graph, student: Graph): MatchedLayers {
  const [theirs, ours] = [teacher, student].map(({ nodes }) => nodes.filter(isConvolution)) as [Node[], Node[]];
  check(theirs.length === ours.length, "E_USAGE", () =>
    refusal(`the ${theirs.length} convolutions of the teacher`, `${ours.length}`),
  );
  const pairs = theirs.map((node, i) => pairOf(node, ours[i]!, student));
  return { pairs, chains: chainsOf(teacher, pairs) };
}

function pairOf(teacher: Node, own: Node, student: Graph): LayerPair {
  const [out, most] = [channelsOf(own), channelsOf(teacher)];
  check(windowsOf(own) === windowsOf(teacher) && out <= most, "E_USAGE", () =>
    refusal(
      `at "${own.path}" the windows of the teacher's "${teacher.path}" and at most its ${most} channels`,
      `${windowsOf(own)} with ${out} in place of ${windowsOf(teacher)}`,
    ),
  );
  const norm = student.nodes.find(({ op, inputs }) => op === batchNorm && inputs[0] === own.outputs[0]);
  if (!norm) throw new TlxError("E_USAGE", refusal(`a batch norm after "${own.path}"`, "none"));
  return { teacher, conv: own.path, norm: norm.path, out };
}

function chainsOf(graph: Graph, pairs: readonly LayerPair[]): Chain[] {
  const chains: Chain[] = [];
  const chained = new Set<LayerPair>();
  for (const first of pairs) {
    if (first.out === channelsOf(first.teacher) || chained.has(first)) continue;
    const members = [first];
    let reader = readerOf(graph, first, pairs);
    for (; reader.teacher.op === depthwiseConv2d; reader = readerOf(graph, reader, pairs)) members.push(reader);
    const [kh, kw, inputs] = weightShape(reader.teacher) as [number, number, number];
    check(kh * kw === 1 && inputs === channelsOf(first.teacher), "E_USAGE", () =>
      refusal(`fewer channels only where a 1x1 convolution reads them`, `"${reader.conv}" after "${first.conv}"`),
    );
    for (const member of members) chained.add(member);
    chains.push({ members, reader });
  }
  return chains;
}

/** The only convolution that reads a layer, past activations. */
function readerOf(graph: Graph, { teacher, conv }: LayerPair, pairs: readonly LayerPair[]): LayerPair {
  let value = teacher.outputs[0] as Value;
  for (;;) {
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(value));
    const [reader] = readers;
    const pair = pairs.find((candidate) => candidate.teacher === reader);
    if (readers.length === 1 && pair) return pair;
    check(readers.length === 1 && reader!.op.ends !== undefined, "E_USAGE", () =>
      refusal(
        `fewer channels only where one convolution reads them`,
        `"${conv}", read by ${readers.map(({ op }) => op.name).join(", ")}`,
      ),
    );
    value = reader!.outputs[0] as Value;
  }
}

const refusal = (expected: string, found: string): string =>
  `prune: expected a student with the layers of its teacher: ${expected}, found ${found}; start from nothing instead`;

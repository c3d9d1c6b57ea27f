/**
 * Multinomial logistic regression with a penalty on the squared weights, by limited-memory BFGS.
 *
 *   loss   mean over rows of -log softmax(W x + b)[label]  +  penalty / 2 |W|^2        (b is free)
 *
 * Shapes   rows x width, `classes` -> weights classes x (width + 1), the last column being b
 * Source   Nocedal and Wright 2006, algorithms 7.4 (two loops) and 3.1 (backtracking)
 */
export interface LogisticInput {
  readonly data: Float64Array;
  readonly width: number;
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  /** Rows of `data` to learn from. */
  readonly rows: ArrayLike<number>;
  readonly penalty: number;
  /** Where the search begins. Default: zeros. */
  readonly start?: Float64Array;
}

/** Pairs of steps and changes of the gradient that are remembered. */
const MEMORY = 8;
const MOST_ITERATIONS = 40;
/** The search ends when the gradient is this share of what it was at zero weights. */
const TOLERANCE = 3e-3;

/** Weights that minimise the loss. */
export function fitLogistic(input: LogisticInput): Float64Array {
  const size = input.classes * (input.width + 1);
  let weights = input.start ? input.start.slice() : new Float64Array(size);
  let gradient = new Float64Array(size);
  let loss = lossAndGradient(input, weights, gradient);
  let scale = lengthOf(gradient);
  if (input.start) {
    const atZero = new Float64Array(size);
    lossAndGradient(input, new Float64Array(size), atZero);
    scale = lengthOf(atZero);
  }
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  for (let iteration = 0; iteration < MOST_ITERATIONS && lengthOf(gradient) > TOLERANCE * scale; iteration++) {
    const direction = descend(gradient, steps, changes);
    const slope = dot(direction, gradient);
    if (!(slope < 0)) break;
    let length = steps.length === 0 ? Math.min(1, 1 / lengthOf(gradient)) * 4 : 1;
    const next = new Float64Array(size);
    const nextGradient = new Float64Array(size);
    let found = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 20; tries++, length /= 2) {
      for (let i = 0; i < size; i++) next[i] = weights[i]! + length * direction[i]!;
      found = lossAndGradient(input, next, nextGradient);
      if (found <= loss + 1e-4 * length * slope) break;
    }
    if (!(found < loss)) break;
    const step = new Float64Array(size);
    const change = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      step[i] = next[i]! - weights[i]!;
      change[i] = nextGradient[i]! - gradient[i]!;
    }
    if (dot(step, change) > 1e-14) {
      steps.push(step);
      changes.push(change);
      if (steps.length > MEMORY) {
        steps.shift();
        changes.shift();
      }
    }
    weights = next;
    gradient = nextGradient;
    loss = found;
  }
  return weights;
}

/** Probabilities of the classes for one row. */
export function predictLogistic(
  weights: Float64Array,
  { data, width, classes }: Pick<LogisticInput, "data" | "width" | "classes">,
  row: number,
  into: Float64Array = new Float64Array(classes),
): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) {
    let sum = weights[c * (width + 1) + width]!;
    for (let k = 0, a = c * (width + 1), b = row * width; k < width; k++, a++, b++) sum += weights[a]! * data[b]!;
    into[c] = sum;
    largest = Math.max(largest, sum);
  }
  let total = 0;
  for (let c = 0; c < classes; c++) {
    into[c] = Math.exp(into[c]! - largest);
    total += into[c]!;
  }
  for (let c = 0; c < classes; c++) into[c]! /= total;
  return into;
}

function lossAndGradient(input: LogisticInput, weights: Float64Array, gradient: Float64Array): number {
  const { data, width, labels, classes, rows, penalty } = input;
  gradient.fill(0);
  const probs = new Float64Array(classes);
  const share = 1 / rows.length;
  let loss = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    predictLogistic(weights, input, row, probs);
    loss -= share * Math.log(Math.max(probs[labels[row]!]!, 1e-300));
    for (let c = 0; c < classes; c++) {
      const error = share * (probs[c]! - (labels[row] === c ? 1 : 0));
      const at = c * (width + 1);
      for (let k = 0, a = at, b = row * width; k < width; k++, a++, b++) gradient[a]! += error * data[b]!;
      gradient[at + width]! += error;
    }
  }
  for (let c = 0; c < classes; c++) {
    for (let k = 0, a = c * (width + 1); k < width; k++, a++) {
      loss += 0.5 * penalty * weights[a]! ** 2;
      gradient[a]! += penalty * weights[a]!;
    }
  }
  return loss;
}

/** The direction of two loops over what is remembered. */
function descend(
  gradient: Float64Array,
  steps: readonly Float64Array[],
  changes: readonly Float64Array[],
): Float64Array {
  const direction = gradient.map((g) => -g);
  const factors: number[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const factor = dot(steps[i]!, direction) / dot(steps[i]!, changes[i]!);
    factors[i] = factor;
    addTo(direction, changes[i]!, -factor);
  }
  const last = steps.length - 1;
  if (last >= 0) {
    const scale = dot(steps[last]!, changes[last]!) / dot(changes[last]!, changes[last]!);
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  for (let i = 0; i < steps.length; i++) {
    const factor = dot(changes[i]!, direction) / dot(steps[i]!, changes[i]!);
    addTo(direction, steps[i]!, factors[i]! - factor);
  }
  return direction;
}

function addTo(to: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * values[i]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const lengthOf = (values: Float64Array): number => Math.sqrt(dot(values, values));

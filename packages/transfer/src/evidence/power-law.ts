/**
 * Error as a power law of the number of pictures.
 *
 *   error(n) = floor + scale * n^-slope,   slope from 0 to 1, floor from 0 to the least error measured
 *
 * Found by least squares, weighed by 1 / deviation^2, over a grid of slopes and floors; the scale of each is a quotient.
 *
 * Source   Hestness et al. 2017; Rosenfeld et al. 2020 (the floor)
 */
export interface CurvePoint {
  /** Pictures. */
  readonly count: number;
  readonly error: number;
  /** Its standard deviation. */
  readonly deviation: number;
}

export interface PowerLaw {
  readonly floor: number;
  readonly scale: number;
  readonly slope: number;
}

const SLOPES = 50;
const FLOORS = 20;

export function fitPowerLaw(points: readonly CurvePoint[]): PowerLaw {
  const least = Math.min(...points.map((p) => p.error));
  let best: PowerLaw = { floor: least, scale: 0, slope: 0 };
  let bestCost = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= SLOPES; i++) {
    for (let j = 0; j < FLOORS; j++) {
      const slope = i / SLOPES;
      const floor = (least * j) / FLOORS;
      const law = { floor, slope, scale: scaleOf(points, floor, slope) };
      // Of laws that fit alike, the one with the lower floor and the milder slope promises least at the far end and most nearby.
      const cost = costOf(points, law) * (1 + 1e-3 * slope) + 1e-9 * floor;
      if (cost < bestCost) [best, bestCost] = [law, cost];
    }
  }
  return best;
}

export const errorAt = ({ floor, scale, slope }: PowerLaw, count: number): number =>
  Math.min(1, Math.max(0, floor + scale * count ** -slope));

const weightOf = ({ deviation }: CurvePoint): number => 1 / Math.max(deviation, 1e-3) ** 2;

function scaleOf(points: readonly CurvePoint[], floor: number, slope: number): number {
  let [above, below] = [0, 0];
  for (const point of points) {
    const power = point.count ** -slope;
    above += weightOf(point) * power * (point.error - floor);
    below += weightOf(point) * power * power;
  }
  return Math.max(0, above / below);
}

const costOf = (points: readonly CurvePoint[], law: PowerLaw): number =>
  points.reduce((sum, point) => sum + weightOf(point) * (point.error - errorAt(law, point.count)) ** 2, 0);

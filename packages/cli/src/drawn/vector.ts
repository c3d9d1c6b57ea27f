/** x right, y down, z to the viewer. */
export type Vector = readonly [x: number, y: number, z: number];

/** Turns what stands on its own axis z into how the viewer sees it. */
export type Turn = (v: Vector) => Vector;

/**
 * `tilt` is the angle between the axis and the view (0 looks at the viewer, half a turn away from it), `heading` where
 * the tilted axis points on the picture, `spin` the turn about the axis; all in radians.
 */
export function turnOf(tilt: number, heading: number, spin: number): Turn {
  const [ct, st] = [Math.cos(tilt), Math.sin(tilt)];
  const [ch, sh] = [Math.cos(heading), Math.sin(heading)];
  const [cs, ss] = [Math.cos(spin), Math.sin(spin)];
  return ([x, y, z]) => {
    const a = x * cs - y * ss;
    const b = x * ss + y * cs;
    const c = a * ct + z * st;
    return [c * ch - b * sh, c * sh + b * ch, z * ct - a * st];
  };
}

export function normalOf(a: Vector, b: Vector, c: Vector, d: Vector): Vector {
  const [ux, uy, uz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
  const [vx, vy, vz] = [d[0] - b[0], d[1] - b[1], d[2] - b[2]];
  const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

export const degrees = (angle: number): number => (angle * Math.PI) / 180;

/** Scalar types of dispatch arguments: each takes one 32-bit word, so offset = 4 x index. */
export type ArgType = "u32" | "i32" | "f32";
/**
 * A `vec4f` binding is one of f32 whose size is a multiple of four, read or written four at a time; `vec2f`, of two. Those of f16 and `vec4h`
 * want `enable f16`.
 */
export type BindingType = `${"read" | "write"} ${"f32" | "u32" | "i32" | "vec2f" | "vec4f" | "f16" | "vec4h"}`;

export interface KernelParts<B extends string, A extends string> {
  /** Shown in labels, errors and profiles. */
  readonly name: string;
  /** WGSL extensions to enable; the variant's `fits` must have checked them. */
  readonly enable?: readonly string[];
  /** Values that change the code: tile sizes, switches. Extents never belong here. */
  readonly consts?: Readonly<Record<string, number | boolean>>;
  readonly bindings: Readonly<Record<B, BindingType>>;
  readonly args: Readonly<Record<A, ArgType>>;
  readonly workgroup: readonly [number, number, number];
  /** Shared functions, emitted before the body. */
  readonly functions?: readonly string[];
  /**
   * Plain WGSL with `@compute @workgroup_size(WG_X, WG_Y, WG_Z) fn main(...)`. Of straight-line text a function that makes it:
   * whoever only counts dispatches never calls it.
   */
  readonly body: string | (() => string);
}

/** A complete shader with the layout its header was generated from, so that they cannot disagree. */
export interface Kernel<B extends string = string, A extends string = string> {
  readonly name: string;
  readonly code: string;
  readonly bindings: readonly { readonly name: B; readonly writes: boolean }[];
  readonly args: readonly { readonly name: A; readonly type: ArgType }[];
  readonly workgroup: readonly [number, number, number];
}

/** WGSL text without interpolation: a `${}` in a kernel body is a type error. */
export const wgsl = (text: TemplateStringsArray): string => text.raw[0] as string;

/** `text` for 0, 1, .. below `count`. */
export const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

const literal = (value: number | boolean): string => (typeof value === "boolean" ? String(value) : `${value}u`);

/** Assembles a kernel: generated header (consts, arguments, bindings), functions, body. */
export function defineKernel<B extends string, A extends string>(parts: KernelParts<B, A>): Kernel<B, A> {
  const bindings = Object.entries(parts.bindings) as [B, BindingType][];
  const args = Object.entries(parts.args) as [A, ArgType][];
  const [x, y, z] = parts.workgroup;
  const write = (): string =>
    [
      ...(parts.enable ?? []).map((e) => `enable ${e};`),
      ...Object.entries({ WG_X: x, WG_Y: y, WG_Z: z, ...parts.consts }).map(([k, v]) => `const ${k} = ${literal(v)};`),
      `struct Args { ${args.map(([name, type]) => `${name}: ${type}`).join(", ")} }`,
      ...bindings.map(([name, type], i) => {
        const [access, elem] = type.split(" ");
        return `@group(0) @binding(${i}) var<storage, ${access === "write" ? "read_write" : "read"}> ${name}: array<${elem}>;`;
      }),
      `@group(0) @binding(${bindings.length}) var<uniform> args: Args;`,
      ...(parts.functions ?? []),
      typeof parts.body === "string" ? parts.body : parts.body(),
    ].join("\n");
  let code: string | undefined;
  return {
    name: parts.name,
    get code() {
      code ??= write();
      return code;
    },
    bindings: bindings.map(([name, type]) => ({ name, writes: type.startsWith("write") })),
    args: args.map(([name, type]) => ({ name, type })),
    workgroup: parts.workgroup,
  };
}

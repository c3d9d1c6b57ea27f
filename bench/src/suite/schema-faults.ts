/**
 * What keeps a value from being what a JSON schema describes: the words of it that the schema of result files uses, and no others.
 * Validators that compile schemas to functions are forbidden by a page's policy.
 */
import { TlxError } from "@tlx/kernels";

export type JsonSchema = Readonly<Record<string, unknown>>;

type Check = (value: unknown, word: never, schema: JsonSchema, visit: Visit) => string | readonly string[] | undefined;
type Visit = (value: unknown, schema: JsonSchema, at: string) => string[];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number" && Number.isFinite(value),
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
};

const propertiesOf = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;

/** Words that restrict; each applies to values of its own type only. */
const checks: Readonly<Record<string, Check>> = {
  type: (value, name: string) => (types[name]!(value) ? undefined : `is no ${name}`),
  const: (value, wanted: unknown) => (value === wanted ? undefined : `is not ${JSON.stringify(wanted)}`),
  minimum: (value, least: number) => (typeof value === "number" && value < least ? `is below ${least}` : undefined),
  exclusiveMinimum: (value, bound: number) =>
    typeof value === "number" && value <= bound ? `is not above ${bound}` : undefined,
  minLength: (value, least: number) =>
    typeof value === "string" && value.length < least ? `is shorter than ${least}` : undefined,
  pattern: (value, pattern: string) =>
    typeof value === "string" && !new RegExp(pattern, "u").test(value) ? `is not like ${pattern}` : undefined,
  required: (value, names: readonly string[]) =>
    isObject(value) ? names.filter((name) => !Object.hasOwn(value, name)).map((name) => `has no ${name}`) : undefined,
  items: (value, schema: JsonSchema, _, visit) =>
    Array.isArray(value) ? value.flatMap((one, i) => visit(one, schema, `/${i}`)) : undefined,
  properties: (value, schemas: Readonly<Record<string, JsonSchema>>, _, visit) =>
    isObject(value)
      ? Object.entries(schemas).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? visit(value[name], schema, `/${name}`) : [],
        )
      : undefined,
  additionalProperties(value, more: false | JsonSchema, schema, visit) {
    if (!isObject(value)) return undefined;
    const rest = Object.keys(value).filter((name) => !Object.hasOwn(propertiesOf(schema), name));
    if (more === false) return rest.map((name) => `has ${name}, which it may not`);
    return rest.flatMap((name) => visit(value[name], more, `/${name}`));
  },
};

/** Words that say something about the schema itself. */
const silent = new Set(["$schema", "$id", "$defs", "title", "description"]);

/** In words, "it has no date", "/results/0/runs is below 1"; none where `value` is as described. Throws E_USAGE for a schema with other words. */
export function schemaFaults(root: JsonSchema, value: unknown): string[] {
  const defined = (root.$defs ?? {}) as Readonly<Record<string, JsonSchema>>;
  const visitAt =
    (path: string): Visit =>
    (found, schema, at) => {
      const here = path + at;
      return Object.entries(schema).flatMap(([word, wanted]) => {
        if (silent.has(word)) return [];
        if (word === "$ref") return visitAt(path)(found, defined[String(wanted).replace("#/$defs/", "")]!, at);
        const check = checks[word];
        if (!check) throw new TlxError("E_USAGE", `schema: expected one of ${Object.keys(checks)}, found ${word}`);
        const faults = [check(found, wanted as never, schema, visitAt(here)) ?? []].flat();
        return faults.map((fault) => (fault.startsWith("/") ? fault : `${here || "it"} ${fault}`));
      });
    };
  return visitAt("")(value, root, "");
}

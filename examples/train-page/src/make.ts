/** A new element with attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element of index.html with this id, which must be of this kind. */
export function find<E extends HTMLElement>(id: string, kind: new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`page: expected a ${kind.name} with id "${id}", found ${element}`);
  return element;
}

/** A button that does `act`. */
export function button(
  label: string,
  act: () => void,
  attributes: Readonly<Record<string, string>> = {},
): HTMLButtonElement {
  const element = make("button", { type: "button", class: "button", ...attributes }, label);
  element.addEventListener("click", act);
  return element;
}

const percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export const percent = (share: number): string => percents.format(share);

/** "1 picture", "2 pictures" */
export const count = (n: number, one: string): string =>
  `${n} ${n === 1 ? one : `${one}${one.endsWith("s") ? "es" : "s"}`}`;

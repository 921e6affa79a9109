type Child = Node | string | undefined
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

const SVG = 'http://www.w3.org/2000/svg'

/**
 * An element with attributes and children; text goes in as text, so a label of yours is never markup. `true` is an
 * attribute without a value, `false` and `undefined` are none.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

export function svg(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  return fill(document.createElementNS(SVG, tag), attributes, children)
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/** The element of index.html with that id. */
export function the<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no #${id}`)
  return found as E
}

/** Sets the text where it differs: selections, and what a screen reader is at, stay. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function button(label: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = h('button', { type: 'button', ...attributes }, label)
  made.addEventListener('click', act)
  return made
}

/** Replaces the children of `parent`, and puts the focus back to the one with the same `data-key`. */
export function replace(parent: Element, children: readonly Node[]): void {
  const active = document.activeElement
  const key = active !== null && parent.contains(active) ? active.getAttribute('data-key') : null
  parent.replaceChildren(...children)
  if (key !== null) {
    const again = [...parent.querySelectorAll<HTMLElement>('[data-key]')].find(
      (element) => element.dataset.key === key,
    )
    again?.focus({ preventScroll: true })
  }
}

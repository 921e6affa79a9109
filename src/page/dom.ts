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

/**
 * Makes the children of `parent` like these. What is like them already stays the same element, so that a press on a
 * button is one although figures change between its down and its up, and the focus stays where it is. Children with a
 * `data-key` are told apart by it, the others by their place; listeners belong to `parent`.
 */
export function replace(parent: Element, children: readonly Node[]): void {
  let old = parent.firstChild
  for (const child of children) {
    const key = keyOf(child)
    if (key !== undefined && [...parent.childNodes].some((other) => keyOf(other) === key)) {
      while (old !== null && keyOf(old) !== key) old = dropped(old)
    }
    if (old === null || old.nodeName !== child.nodeName || keyOf(old) !== key) parent.insertBefore(child, old)
    else {
      const next = old.nextSibling
      become(old, child)
      old = next
    }
  }
  while (old !== null) old = dropped(old)
}

function become(old: Node, wanted: Node): void {
  if (old.isEqualNode(wanted)) return
  if (!(old instanceof Element && wanted instanceof Element)) {
    old.nodeValue = wanted.nodeValue
    return
  }
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name)) old.removeAttribute(name)
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  }
  replace(old, [...wanted.childNodes])
}

function dropped(node: ChildNode): ChildNode | null {
  const next = node.nextSibling
  node.remove()
  return next
}

function keyOf(node: Node): string | undefined {
  return node instanceof HTMLElement ? node.dataset.key : undefined
}

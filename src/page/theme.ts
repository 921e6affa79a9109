/** Names of the palette in page.css, whose colours differ in lightness too, so that nobody must tell hues apart. */
export type Colour = 'blue' | 'orange' | 'green' | 'purple' | 'grey'

/** The second mark of a line, beside its colour. */
export type Dash = 'long' | 'short' | 'dots'

export const DASHES: Readonly<Record<Dash, number[]>> = { long: [9, 4], short: [4, 3], dots: [1.5, 3] }

type Ink = Colour | 'axis' | 'grid' | 'stall' | 'paper' | 'ink'

const SCHEME = matchMedia('(prefers-color-scheme: dark)')
const known = new Map<string, string>()

/** A colour of page.css as it is now, for a canvas, which knows no variables. */
export function ink(name: Ink): string {
  let value = known.get(name)
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
    known.set(name, value)
  }
  return value
}

/** The same, translucent. */
export function tint(name: Ink, share: number): string {
  return `${ink(name)}${Math.round(share * 255)
    .toString(16)
    .padStart(2, '0')}`
}

export function onThemeChange(act: () => void): void {
  SCHEME.addEventListener('change', () => {
    known.clear()
    act()
  })
}

import type { Colour } from './palette'

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

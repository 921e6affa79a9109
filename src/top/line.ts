import { cutAtWord, printable, width } from './text'

export type Tone = 'good' | 'notice' | 'bad' | 'dim' | 'bold'

export interface Segment {
  readonly text: string
  readonly tone?: Tone
}

/** A line of the view. Only `render` makes characters for a terminal of it. */
export type Line = readonly Segment[]

export interface Style {
  readonly color: boolean
  /** Whether more than ASCII can be shown. */
  readonly unicode: boolean
}

const CODES: Readonly<Record<Tone, number>> = { good: 32, notice: 33, bad: 31, dim: 2, bold: 1 }

/** `text` without anything that commands a terminal, in the characters that it has. */
export function shown(text: string, { unicode }: Style): string {
  const safe = printable(text)
  return unicode ? safe : safe.replaceAll('µ', 'u').replace(/[^\x20-\x7e]/gu, '?')
}

export const ellipsis = ({ unicode }: Style) => (unicode ? '…' : '~')

/** At most `columns` wide. */
export function render(line: Line, columns: number, style: Style): string {
  let left = columns
  let rendered = ''
  for (const { text, tone } of line) {
    const part = cutAtWord(shown(text, style), left, ellipsis(style))
    left -= width(part)
    rendered += style.color && tone !== undefined && part !== '' ? `\x1b[${CODES[tone]}m${part}\x1b[0m` : part
    if (left <= 0) break
  }
  return rendered.trimEnd()
}

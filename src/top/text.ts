/** Longer ones are cut: a server's text is for one line. */
const MAX_LENGTH = 1_000

// Control characters, and what is not seen but works on its surroundings: the marks that turn the direction of text,
// joiners, separators of lines, lone surrogates. Private ones are in no font.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/** Text of others as it may be written to a terminal: what would command it, or mislead its reader, as an escape. */
export function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) as number
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

const ASCII = /^[\x20-\x7e]*$/
const NO_COLUMN = /[\p{Mn}\p{Me}]/u
// The halves of Katakana and Hangul, U+FF61 to U+FFDC, take one column like Latin letters.
const HALF = /[\uff61-\uffdc]/u
const TWO_COLUMNS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u

function columnsOf(character: string): number {
  if (NO_COLUMN.test(character)) return 0
  return TWO_COLUMNS.test(character) && !HALF.test(character) ? 2 : 1
}

/** How many columns of a terminal `text` takes, as most terminals have it. */
export function width(text: string): number {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += columnsOf(character)
  return columns
}

/** The first part of `text` that has room in `columns`, ended by `mark` where it is not all of it. */
export function cut(text: string, columns: number, mark: string): string {
  if (width(text) <= columns) return text
  if (columns < width(mark)) return ''
  let used = width(mark)
  let kept = ''
  for (const character of text) {
    used += columnsOf(character)
    if (used > columns) break
    kept += character
  }
  return kept + mark
}

/** The same, but not within a word where there is a space to end at. */
export function cutAtWord(text: string, columns: number, mark: string): string {
  const part = cut(text, columns, mark)
  if (part === text) return text
  const kept = part.slice(0, part.length - mark.length)
  const end = text[kept.length] === ' ' ? kept.length : kept.lastIndexOf(' ')
  const words = kept.slice(0, Math.max(0, end)).replace(/[\s,;:(]+$/, '')
  return words === '' ? part : words + mark
}

/** The last part, for paths. */
export function cutStart(text: string, columns: number, mark: string): string {
  if (width(text) <= columns) return text
  const characters = [...text]
  let used = width(mark)
  let from = characters.length
  while (from > 0) {
    used += columnsOf(characters[from - 1] as string)
    if (used > columns) break
    from--
  }
  return columns < width(mark) ? '' : mark + characters.slice(from).join('')
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text
}

/** Broken at spaces; a word that is longer than a line is broken where the line ends. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (let word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = ''
    }
    while (width(word) > columns) {
      const head = cut(word, columns, '')
      // Not even one character has room.
      if (head === '') break
      lines.push(head)
      word = word.slice(head.length)
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

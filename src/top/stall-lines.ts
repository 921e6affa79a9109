import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { figure } from '../core/figures'
import { type Frame, type ShownStall, threadOf } from '../core/stall'
import { ellipsis, type Line, type Style, shown } from './line'
import { cutStart, width } from './text'

const CAUSES: Readonly<Record<string, string>> = {
  code: 'JavaScript',
  gc: 'garbage collection',
  native: 'a synchronous native call',
  debugger: 'a debugger paused it',
}

/** What happened, then the innermost calls, `columns` wide at most. */
export function stallLines(stall: ShownStall, columns: number, frames: number, style: Style): Line[] {
  const { ongoing, durationMs, startedAt, cause, stack = [] } = stall
  const thread = threadOf(stall)
  const clock = new Date(startedAt).toTimeString().slice(0, 8)
  const lasted = figure(durationMs / 1000, 'seconds')
  const title: Line = ongoing
    ? [
        { text: style.unicode ? '■ ' : '# ', tone: 'bad' },
        { text: `${thread} is stuck`, tone: 'bad' },
        { text: ` for ${lasted} now, since ${clock}: ${CAUSES[cause] ?? cause}` },
      ]
    : [
        { text: style.unicode ? '□ ' : '- ', tone: 'notice' },
        { text: `${thread} was stuck for ${lasted} at ${clock}: ${CAUSES[cause] ?? cause}` },
      ]
  return [title, ...stack.slice(0, frames).map((frame) => frameLine(frame, columns, style))]
}

/** The end of a place says most: it is what stays where there is no room for all. */
function frameLine({ functionName, place, original }: Frame, columns: number, style: Style): Line {
  const name = `    at ${shown(functionName === '' ? '(anonymous)' : functionName, style)}`
  const at = original ?? place
  if (at === undefined) return [{ text: name }]
  const where = shown(`${pathOf(at.file)}:${at.line}:${at.column}`, style)
  const room = columns - width(name) - 3
  return [
    { text: name },
    { text: room < 8 ? '' : ` (${cutStart(where, room, ellipsis(style))})`, tone: 'dim' },
  ]
}

/** As one would name it here. */
function pathOf(file: string): string {
  let path = file
  try {
    if (file.startsWith('file:')) path = fileURLToPath(file)
  } catch {
    // A URL that is no path of this system.
  }
  const here = relative(process.cwd(), path)
  return path.startsWith('/') && !here.startsWith('..') ? here : path
}

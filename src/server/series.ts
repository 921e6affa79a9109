import { setImmediate } from 'node:timers/promises'
import type { Description } from '../core/batch'
import { maxPointsOf, type Parameters, readParameters, windowOf } from './parameters'
import { Refusal, type Stream } from './reply'
import type { SeriesColumns, Source } from './source'
import { thinColumns } from './thin'

const FIVE_MINUTES_MS = 300_000
/** How long one part may keep the thread, from which a sample has to wait. */
const PART_MS = 4

/** `/v1/series`: everything that charts need, by series and in columns, in parts that hold up no sample. */
export function series(source: Source, queryString: string): Stream {
  const parameters = readParameters(queryString, ['metrics', 'thread', 'start', 'end', 'maxPoints'])
  const names = namesOf(parameters)
  const thread = parameters.get('thread')
  const maxPoints = maxPointsOf(parameters)
  const { start, end } = windowOf(parameters, Date.now(), FIVE_MINUTES_MS)
  return {
    type: 'application/json; charset=utf-8',
    endless: false,
    async run(write) {
      const metrics = new Map<string, Description>()
      let part = `{"start":${start},"end":${end},"series":[`
      let between = ''
      let from = performance.now()
      for (const found of source.series(names, start, end, thread)) {
        metrics.set(found.name, source.describe(found.name, found.type))
        part += between + JSON.stringify(plain(thinColumns(found, maxPoints)))
        between = ','
        if (performance.now() - from < PART_MS) continue
        if (!(await write(part))) return
        part = ''
        await setImmediate()
        from = performance.now()
      }
      await write(`${part}],"metrics":${JSON.stringify(Object.fromEntries(metrics))}}\n`)
    },
  }
}

function namesOf(parameters: Parameters): ReadonlySet<string> | undefined {
  const text = parameters.get('metrics')
  if (text === undefined) return undefined
  const names = text.split(',').filter((name) => name !== '')
  if (names.length === 0)
    throw new Refusal(400, 'parameter metrics must be names of metrics, with commas between')
  return new Set(names)
}

/** JSON has null for what is not a number, so NaN needs no care. */
function plain({ name, labels, t, v, min, max }: SeriesColumns): object {
  return { name, labels, t, v, min, max }
}

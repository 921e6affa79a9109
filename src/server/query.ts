import { maxPointsOf, metricOf, readParameters, windowOf } from './parameters'
import { json, Refusal, type Reply } from './reply'
import type { Source, StoredSeries } from './source'
import { thin } from './thin'

/** One answer is held in memory whole until its client has read it: these are about 20 MB as JSON. */
const MAX_POINTS_AN_ANSWER = 100_000

/** `/v1/query`, as TinyObs answers it: all points of all series of a metric, oldest first. */
export function query(source: Source, queryString: string): Reply {
  const parameters = readParameters(queryString, ['metric', 'start', 'end'])
  const metric = metricOf(parameters)
  const { start, end } = windowOf(parameters, Date.now())
  const found = find(source, metric, start, end)
  checkSize(found, 'give a shorter time, or use /v1/query/range')
  const metrics = found
    .flatMap(({ name, type, labels, points }) =>
      points.map(({ t, v }) => ({ name, type, value: v, labels, timestamp: t })),
    )
    .sort((a, b) => a.timestamp - b.timestamp)
    .map((point) => ({ ...point, timestamp: new Date(point.timestamp).toISOString() }))
  return json({ metrics, count: metrics.length })
}

/** `/v1/query/range`, as TinyObs answers it: points by series, made fewer where there are more than `maxPoints`. */
export function queryRange(source: Source, queryString: string): Reply {
  const parameters = readParameters(queryString, ['metric', 'start', 'end', 'maxPoints'])
  const maxPoints = maxPointsOf(parameters)
  const metric = metricOf(parameters)
  const { start, end } = windowOf(parameters, Date.now())
  const thinned = find(source, metric, start, end).map((series) => ({
    series,
    points: thin(series.points, maxPoints),
  }))
  checkSize(thinned, 'give a lower maxPoints or a shorter time')
  const data = thinned.map(({ series, points }) => ({
    metric: series.name,
    labels: series.labels,
    points: points.map(({ t, v }) => ({ t, v })),
    resolution: series.thinned !== true && points.length === series.points.length ? 'raw' : 'min-max',
  }))
  return json({ data })
}

function find(source: Source, metric: string, start: number, end: number): readonly StoredSeries[] {
  const found = source.query(metric, start, end)
  if (found === undefined) throw new Refusal(404, `no metric ${JSON.stringify(metric)} is stored`)
  return found
}

function checkSize(answer: readonly Pick<StoredSeries, 'points'>[], remedy: string): void {
  const size = answer.reduce((sum, { points }) => sum + points.length, 0)
  if (size > MAX_POINTS_AN_ANSWER) {
    throw new Refusal(
      400,
      `${size} points are more than the ${MAX_POINTS_AN_ANSWER} of one answer: ${remedy}`,
    )
  }
}

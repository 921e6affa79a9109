import type { IncomingHttpHeaders } from 'node:http'
import { renderOpenMetrics, renderPrometheus } from '../exporters/prometheus'
import { eventStreams } from './events'
import { OPEN_METRICS_TYPE, TEXT_TYPE, wantsOpenMetrics } from './negotiation'
import { PAGE_PATHS, pageFiles } from './page'
import { readParameters } from './parameters'
import { query, queryRange } from './query'
import { json, Refusal, type Reply, type Stream } from './reply'
import { series } from './series'
import type { Source } from './source'
import { stalls } from './stalls'
import { partsOf } from './target'

type Answer = Reply | Stream
type Route = (query: string, headers: IncomingHttpHeaders) => Answer | Promise<Answer>

/** Answers a request's target, such as `/v1/query?metric=x`. @throws {Refusal} */
export function router(
  source: Source,
): (target: string, headers: IncomingHttpHeaders) => Answer | Promise<Answer> {
  const page = pageFiles()
  const routes = new Map<string, Route>([
    ...PAGE_PATHS.map((path): [string, Route] => [path, (_, headers) => page(path, headers)]),
    ['/metrics', (_, { accept }) => scrape(source, accept)],
    ['/v1/query', (parameters) => query(source, parameters)],
    ['/v1/query/range', (parameters) => queryRange(source, parameters)],
    ['/v1/series', (parameters) => series(source, parameters)],
    ['/v1/status', async (parameters) => status(source, parameters)],
    ['/v1/events', eventStreams(source)],
    ['/v1/stalls', (parameters) => stalls(source, parameters)],
    ['/healthz', () => json({ status: 'ok', ...source.health() })],
  ])
  return (target, headers) => {
    const { path, parameters } = partsOf(target)
    const route = routes.get(path)
    if (route === undefined)
      throw new Refusal(404, `nothing is at ${path}: there are ${[...routes.keys()].join(', ')}`)
    return route(parameters, headers)
  }
}

async function status(source: Source, parameters: string): Promise<Reply> {
  readParameters(parameters, [])
  return json(await source.status())
}

async function scrape(source: Source, accept: string | undefined): Promise<Reply> {
  const batch = await source.scrape()
  return wantsOpenMetrics(accept)
    ? { status: 200, type: OPEN_METRICS_TYPE, body: renderOpenMetrics(batch) }
    : { status: 200, type: TEXT_TYPE, body: renderPrometheus(batch) }
}

import type { IncomingHttpHeaders } from 'node:http'
import { renderOpenMetrics, renderPrometheus } from '../exporters/prometheus'
import { OPEN_METRICS_TYPE, TEXT_TYPE, wantsOpenMetrics } from './negotiation'
import { PAGE_PATHS, pageFiles } from './page'
import { query, queryRange } from './query'
import { json, Refusal, type Reply } from './reply'
import type { Source } from './source'
import { partsOf } from './target'

type Route = (query: string, headers: IncomingHttpHeaders) => Reply | Promise<Reply>

/** Answers a request's target, such as `/v1/query?metric=x`. @throws {Refusal} */
export function router(
  source: Source,
): (target: string, headers: IncomingHttpHeaders) => Reply | Promise<Reply> {
  const page = pageFiles()
  const routes = new Map<string, Route>([
    ...PAGE_PATHS.map((path): [string, Route] => [path, (_, headers) => page(path, headers)]),
    ['/metrics', (_, { accept }) => scrape(source, accept)],
    ['/v1/query', (parameters) => query(source, parameters)],
    ['/v1/query/range', (parameters) => queryRange(source, parameters)],
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

async function scrape(source: Source, accept: string | undefined): Promise<Reply> {
  const batch = await source.scrape()
  return wantsOpenMetrics(accept)
    ? { status: 200, type: OPEN_METRICS_TYPE, body: renderOpenMetrics(batch) }
    : { status: 200, type: TEXT_TYPE, body: renderPrometheus(batch) }
}

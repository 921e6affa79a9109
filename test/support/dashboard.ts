import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Dashboard {
  readonly templating: { readonly list: readonly { name: string; type: string; definition?: string }[] }
  readonly panels: readonly Panel[]
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } }
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly legendFormat: string
  }[]
}

export const dashboard = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../ops/grafana/offloop.json', import.meta.url)), 'utf8'),
) as Dashboard

/** A query as Grafana would send it, with everything selected in each variable but the job. */
export function substituted(query: string, job: string): string {
  const known: Record<string, string> = {
    $__rate_interval: '5s',
    $job: job,
    $instance: '.*',
    $service: '.*',
    $thread: '.*',
  }
  return query.replace(/\$\w+/g, (variable) => {
    const value = known[variable]
    if (value === undefined) throw new Error(`${variable} in ${query} is no variable of the dashboard`)
    return value
  })
}

/** The queries of variables, as PromQL: `label_values(selector, label)` are the values of that label. */
export function variableQueries(): { name: string; query: string }[] {
  return dashboard.templating.list
    .filter(({ type }) => type === 'query')
    .map(({ name, definition = '' }) => {
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? []
      return { name, query: `group by (${label}) (${selector})` }
    })
}

export function panelQueries(): { panel: string; query: string }[] {
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ panel: `${title} ${refId}`, query: expr })),
  )
}

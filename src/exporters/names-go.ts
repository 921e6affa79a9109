import type { Batch, Description, Metric } from '../core/batch'
import { seriesKey } from '../core/batch'
import { type MetricDefinition, metrics } from '../core/metrics'

const GO = new Map<string, string>(
  (metrics as readonly MetricDefinition[]).flatMap(({ name, go }) => (go === undefined ? [] : [[name, go]])),
)

/**
 * The six metrics that TinyObs's `runtime` package for Go also has, under their names there. The others stay as they
 * are. There is no `kind` in Go: both kinds of collections are summed. `thread` stays, since each thread has a heap of
 * its own: a process with one thread has one series of each, as in Go.
 */
export function goNames(batch: Batch): Batch {
  const out = new Map<string, Metric>()
  for (const metric of batch.metrics) {
    const renamed = inGo(metric)
    const key = seriesKey(renamed.name, renamed.labels)
    const there = out.get(key)
    if (there === undefined) out.set(key, renamed)
    // Not what a collector reports under such a name: it does not belong to the figure.
    else if (renamed !== metric) out.set(key, sum(there, renamed))
  }
  const descriptions: Record<string, Description> = {}
  for (const [name, description] of Object.entries(batch.descriptions)) {
    descriptions[GO.get(name) ?? name] = description
  }
  return { ...batch, metrics: [...out.values()], descriptions }
}

function inGo(metric: Metric): Metric {
  const name = GO.get(metric.name)
  if (name === undefined) return metric
  const { kind, ...labels } = metric.labels
  return { ...metric, name, labels }
}

function sum(a: Metric, b: Metric): Metric {
  return { ...a, value: (a.value as number) + (b.value as number) }
}

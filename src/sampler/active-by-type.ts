import { ACTIVE } from '../probe/active'
import type { CollectedMetric, Collector } from './collectors'

/**
 * Which types of resources are active, JavaScript alone can tell: asked once a sample, for who wants prom-client's names.
 * The sum of handles, and that of requests, are told here too; of all resources the probe tells it.
 */
export const activeByType: Collector = {
  name: 'active-by-type',
  collect: () =>
    Object.entries(ACTIVE).flatMap(([name, count]): CollectedMetric[] => {
      const counts = [...count()]
      const metrics = counts.map(([type, value]): CollectedMetric => ({ name, value, labels: { type } }))
      if (name === 'nodejs_active_resources') return metrics
      return [...metrics, { name: `${name}_total`, value: counts.reduce((sum, [, value]) => sum + value, 0) }]
    }),
}

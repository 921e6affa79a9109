import { ACTIVE } from '../probe/active'
import type { CollectedMetric, Collector } from './collectors'

/**
 * Which types of resources are active, JavaScript alone can tell: asked on the main thread once a sample, for who wants
 * it (`resourcesByType`, or prom-client's names). `handles`: of libuv's handles and requests too, as prom-client has them,
 * with their sums; of all resources the probe tells it.
 */
export function activeByType(handles: boolean): Collector {
  const wanted = Object.entries(ACTIVE).filter(([name]) => handles || name === RESOURCES)
  return {
    name: 'active-by-type',
    collect: () =>
      wanted.flatMap(([name, count]): CollectedMetric[] => {
        const counts = [...count()]
        const metrics = counts.map(([type, value]): CollectedMetric => ({ name, value, labels: { type } }))
        if (name === RESOURCES) return metrics
        return [
          ...metrics,
          { name: `${name}_total`, value: counts.reduce((sum, [, value]) => sum + value, 0) },
        ]
      }),
  }
}

const RESOURCES = 'nodejs_active_resources'

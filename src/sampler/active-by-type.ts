import { ACTIVE } from '../probe/active'
import type { CollectedMetric, Collector } from './collectors'

/** Which types of resources are active, JavaScript alone can tell: asked once a sample, for who wants prom-client's names. */
export const activeByType: Collector = {
  name: 'active-by-type',
  collect: () =>
    Object.entries(ACTIVE).flatMap(([name, count]) =>
      [...count()].map(([type, value]): CollectedMetric => ({ name, value, labels: { type } })),
    ),
}

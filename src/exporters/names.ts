import type { Batch } from '../core/batch'
import type { Names } from '../core/options'
import { goNames } from './names-go'
import { promClientNames } from './names-prom-client'

/** Batches as `names` has them. */
export function renaming(names: Names): (batch: Batch) => Batch {
  if (names === 'prom-client') return promClientNames
  return names === 'go' ? goNames : (batch) => batch
}

import { readParameters } from './parameters'
import { json, type Reply } from './reply'
import type { Source } from './source'

/** `/v1/stalls`: the newest stalls, ongoing ones included. */
export function stalls(source: Source, parameters: string): Reply {
  readParameters(parameters, [])
  return json(source.stalls())
}

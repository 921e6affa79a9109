import type { Frame } from '../core/stall'
import type { NativeStack } from '../probe/binding'
import type { SourceMaps } from './source-maps'

/** A stack as users see it. `maps`: where the process has source maps enabled. */
export function framesOf({ frames }: NativeStack, maps: SourceMaps | undefined): readonly Frame[] {
  return frames.map(({ functionName, file, line, column }) => {
    if (file === '' || line < 1) return { functionName }
    const place = { file, line, column }
    const original = maps?.original(place)
    return original === undefined ? { functionName, place } : { functionName, place, original }
  })
}

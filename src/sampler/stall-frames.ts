import type { Frame } from '../core/stall'
import type { NativeStack } from '../probe/binding'
import type { SourceMaps } from './source-maps'

/** A stack as users see it. */
export function framesOf({ frames }: NativeStack): readonly Frame[] {
  return frames.map(({ functionName, file, line, column }) =>
    file === '' || line < 1 ? { functionName } : { functionName, place: { file, line, column } },
  )
}

/** `frames` with where each was written, as far as that is known. */
export function located(frames: readonly Frame[], maps: SourceMaps): readonly Frame[] {
  const originals = maps.originals(frames.flatMap(({ place }) => place ?? []))
  return frames.map((frame) => {
    const original = frame.place === undefined ? undefined : originals.get(frame.place)
    return original === undefined ? frame : { ...frame, original }
  })
}

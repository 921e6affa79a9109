import type { OffloopError } from '../core/errors'
import type { ExporterSettings } from '../core/exporter-options'
import type { Exporter } from './exporter'

type Report = (error: OffloopError) => void
type SettingsByType = { readonly [S in ExporterSettings as S['type']]: S }
type Type = keyof SettingsByType
type Factories = {
  readonly [T in Type]: (
    settings: SettingsByType[T],
    name: string,
    report: Report,
    onQueued: () => void,
  ) => Exporter
}

// Each is loaded when it is asked for: what is not configured costs the sampling thread no memory.
const FACTORIES: Factories = {
  tinyobs: (settings, name, report, onQueued) =>
    (require('./tinyobs') as typeof import('./tinyobs')).createTinyObs(settings, name, report, onQueued),
  otlp: (settings, name, report, onQueued) =>
    (require('./otlp') as typeof import('./otlp')).createOtlp(settings, name, report, onQueued),
  dogstatsd: (settings, name, report, onQueued) =>
    (require('./dogstatsd') as typeof import('./dogstatsd')).createDogStatsD(
      settings,
      name,
      report,
      onQueued,
    ),
  module: (settings, name, report, onQueued) =>
    (require('./module') as typeof import('./module')).createModule(settings, name, report, onQueued),
}

/**
 * The exporters that `settings` ask for, each with a name of its own: `tinyobs`, `tinyobs#2`; a module's is its
 * file's. `onQueued` is called when the number of batches that one holds has changed.
 */
export function createExporters(
  settings: readonly ExporterSettings[],
  report: Report,
  onQueued: () => void = () => {},
): Exporter[] {
  const counts = new Map<string, number>()
  return settings.map((one) => {
    const name = one.type === 'module' ? one.name : one.type
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return create(one, count === 1 ? name : `${name}#${count}`, report, onQueued)
  })
}

function create<T extends Type>(
  settings: SettingsByType[T],
  name: string,
  report: Report,
  onQueued: () => void,
): Exporter {
  const factory: Factories[T] = FACTORIES[settings.type as T]
  return factory(settings, name, report, onQueued)
}

import { pathToFileURL } from 'node:url'
import type { Batch } from '../core/batch'
import { messageOf, type OffloopError } from '../core/errors'
import type { CustomExporter, ExporterFactory, ModuleSettings } from '../core/module-options'
import { warnOnce } from '../core/report'
import type { Stall } from '../core/stall'
import { Delivery } from './delivery'
import type { Exporter } from './exporter'
import { Secrets, secretsOfUrl } from './redact'
import { DeliveryError, type Transport } from './transport'

/** Names of options whose text, and all text below them, is kept out of messages. */
const SECRET = /auth|cookie|credential|header|key|pass|secret|token/i

/** Hands batches to a module of the user's. */
export function createModule(
  settings: ModuleSettings,
  name: string,
  report: (error: OffloopError) => void,
  onQueued: () => void = () => {},
): Exporter {
  return new Delivery(new ModuleTransport(settings, name), report, {
    timeoutMs: settings.timeoutMs,
    onQueued,
  })
}

export class ModuleTransport implements Transport<Batch> {
  // As a user would expect to see them.
  readonly order = 'oldest-first'
  readonly #path: string
  readonly #options: unknown
  readonly #secrets: Secrets
  #loaded: Promise<ExporterFactory> | undefined
  #made: Promise<CustomExporter> | undefined
  #exporter: CustomExporter | undefined

  constructor(
    { path, options }: Pick<ModuleSettings, 'path' | 'options'>,
    readonly name: string,
  ) {
    this.#path = path
    this.#options = options
    this.#secrets = new Secrets(secretsIn(options, false))
  }

  encode(batch: Batch) {
    return { requests: [batch], omitted: [] }
  }

  async send(batch: Batch, signal: AbortSignal): Promise<void> {
    const exporter = await this.#make()
    try {
      // A copy: what a module does to its batch is not to reach the other exporters, or the next attempt.
      await exporter.export(structuredClone(batch), signal)
    } catch (thrown) {
      throw this.#failure('', thrown)
    }
  }

  stall(stall: Stall): void {
    const telling = async (): Promise<unknown> => (await this.#make()).stall?.(structuredClone(stall))
    telling().catch((thrown: unknown) => {
      const { message } = this.#failure('stall() failed: ', thrown)
      warnOnce(`stall ${this.name}`, `exporter ${this.name}: ${message}`)
    })
  }

  close(): void {
    const closing = async (): Promise<unknown> => this.#exporter?.close?.()
    // Nobody is left to hear of it.
    closing().catch(() => {})
  }

  #make(): Promise<CustomExporter> {
    // A module that cannot be loaded stays so, since Node.js keeps the failure. A factory may have better luck later.
    this.#loaded ??= this.#load()
    this.#made ??= this.#call(this.#loaded).catch((error: unknown) => {
      this.#made = undefined
      throw error
    })
    return this.#made
  }

  async #load(): Promise<ExporterFactory> {
    let loaded: unknown
    try {
      loaded = await import(pathToFileURL(this.#path).href)
    } catch (thrown) {
      throw this.#failure('the module cannot be loaded: ', thrown, false)
    }
    const factory = factoryIn(loaded)
    if (factory === undefined)
      throw this.#failure('', 'the default export of the module is not a function', false)
    return factory
  }

  async #call(loaded: Promise<ExporterFactory>): Promise<CustomExporter> {
    const factory = await loaded
    let made: CustomExporter
    try {
      made = await factory(structuredClone(this.#options))
    } catch (thrown) {
      throw this.#failure('the factory failed: ', thrown)
    }
    if (typeof made?.export !== 'function') {
      throw this.#failure('', 'the factory returned nothing that has a function export', false)
    }
    this.#exporter = made
    return made
  }

  #failure(where: string, thrown: unknown, retry?: boolean): DeliveryError {
    const wish = wishOf(thrown)
    const message = `${where}${this.#secrets.told(messageOf(thrown))}`
    return new DeliveryError(message, { ...wish, retry: retry ?? wish.retry })
  }
}

/** `export default`, `module.exports`, and the `exports.default` of compiled TypeScript. */
function factoryIn(loaded: unknown): ExporterFactory | undefined {
  let found = loaded
  for (let depth = 0; depth < 2 && typeof found !== 'function'; depth++) {
    found = (found as { default?: unknown } | null | undefined)?.default
  }
  return typeof found === 'function' ? (found as ExporterFactory) : undefined
}

/** What a module says of a failure by the properties of what it throws. */
function wishOf(thrown: unknown): { retry: boolean; retryAfterMs: number | undefined } {
  try {
    const { retry, retryAfterMs } = Object(thrown) as { retry?: unknown; retryAfterMs?: unknown }
    const wait = typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : undefined
    return { retry: retry !== false, retryAfterMs: wait }
  } catch {
    return { retry: true, retryAfterMs: undefined }
  }
}

/** Cloned data, so it may hold itself. Of text that is no secret, what URLs in it hold. */
function secretsIn(value: unknown, secret: boolean, seen = new Set<unknown>()): readonly string[] {
  if (typeof value === 'string') return secret ? [value, ...secretsOfUrl(value)] : secretsOfUrl(value)
  if (typeof value === 'number' || typeof value === 'bigint') return secret ? [String(value)] : []
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return []
  seen.add(value)
  if (value instanceof Set) return [...value].flatMap((part) => secretsIn(part, secret, seen))
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value)
  return [...entries].flatMap(([name, part]) =>
    secretsIn(part, secret || (typeof name === 'string' && SECRET.test(name)), seen),
  )
}

/** Sends to Datadog's agent, or to another server of the DogStatsD protocol. Needs the package `hot-shots`. */
export interface DogStatsDOptions {
  readonly type: 'dogstatsd'
  /** Without `host`, `port` and `path`: `DD_DOGSTATSD_URL`, or `DD_AGENT_HOST` and `DD_DOGSTATSD_PORT`. */
  readonly host?: string
  /** UDP; default 8125. */
  readonly port?: number
  /** Absolute path of a Unix datagram socket, instead of `host` and `port`; `unix:///path` as well. */
  readonly path?: string
  /** In front of each metric's name, with a dot between. */
  readonly prefix?: string
  /** Added to every metric. */
  readonly tags?: Readonly<Record<string, string>>
}

export interface DogStatsDSettings {
  readonly type: 'dogstatsd'
  readonly host: string | undefined
  readonly port: number | undefined
  readonly path: string | undefined
  readonly prefix: string
  readonly tags: Readonly<Record<string, string>>
}

/** The path in `unix:/path` and `unix:///path`; undefined where `target` is neither. */
export function unixPath(target: string): string | undefined {
  return /^unix:(?:\/\/)?(\/.*)$/s.exec(target)?.[1]
}

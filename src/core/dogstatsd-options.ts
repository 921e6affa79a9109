/** Sends to Datadog's agent, or to another server of the DogStatsD protocol. Needs the package `hot-shots`. */
export interface DogStatsDOptions {
  readonly type: 'dogstatsd'
  /**
   * Without `host`, `port` and `path`: `DD_DOGSTATSD_URL`, or `DD_DOGSTATSD_SOCKET`, or `DD_DOGSTATSD_HOST` (or
   * `DD_AGENT_HOST`) and `DD_DOGSTATSD_PORT`.
   */
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

/** The path in `unix:/path`, `unix:///path` and `unixgram:///path`; undefined where `target` is none of them. */
export function unixPath(target: string): string | undefined {
  return /^unix(?:gram)?:(?:\/\/)?(\/.*)$/s.exec(target)?.[1]
}

type Target = Pick<DogStatsDOptions, 'host' | 'port' | 'path'>

/** Where `env` says that the server is, and the variable that says so. Undefined where a URL cannot be read. */
export function targetFrom(env: NodeJS.ProcessEnv): {
  readonly from: string
  readonly target: Target | undefined
} {
  const { DD_DOGSTATSD_URL: url = '', DD_DOGSTATSD_SOCKET: path = '', DD_DOGSTATSD_PORT: port = '' } = env
  if (url !== '') return { from: 'DD_DOGSTATSD_URL', target: targetOf(url) }
  if (path !== '') return { from: 'DD_DOGSTATSD_SOCKET', target: { path } }
  const host = env.DD_DOGSTATSD_HOST || env.DD_AGENT_HOST
  return {
    from: 'DD_DOGSTATSD_PORT',
    target: { ...(host && { host }), ...(port !== '' && { port: Number(port) }) },
  }
}

function targetOf(url: string): Target | undefined {
  const path = unixPath(url)
  if (path !== undefined) return { path }
  const [, host, port] = /^udp:\/\/(\[[^\]]+\]|[^:/@]+)(?::(\d{1,5}))?\/?$/.exec(url) ?? []
  if (host === undefined) return undefined
  return { host: host.replace(/[[\]]/g, ''), port: Number(port ?? 8125) }
}

/** Pushes to a TinyObs server, from the sampling thread. */
export interface TinyObsOptions {
  readonly type: 'tinyobs'
  /** The server's ingest URL, such as `http://localhost:8080/v1/ingest`. */
  readonly url: string
  /** Sent as `Authorization: Bearer`. */
  readonly key?: string
  /** For one request. Default 10,000. */
  readonly timeoutMs?: number
  /** `'go'` sends the six metrics that TinyObs has for Go under their names there. Default `'canonical'`. */
  readonly names?: 'canonical' | 'go'
}

export interface TinyObsSettings {
  readonly type: 'tinyobs'
  readonly url: string
  readonly key: string | undefined
  readonly timeoutMs: number
  readonly names: 'canonical' | 'go'
}

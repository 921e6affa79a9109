const MAX_EXCERPT = 200

/** What messages about one server must not tell: the given secrets, and the query of its URL. */
export class Secrets {
  readonly #pattern: RegExp

  constructor(url: URL, secrets: readonly string[]) {
    this.#pattern = anyOf([...secrets, ...partsOf(url)])
  }

  /** A server's words on one line, shortened and without secrets. */
  redact(text: string): string {
    const line = text
      .replace(this.#pattern, '***')
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim()
    return line.length > MAX_EXCERPT ? `${line.slice(0, MAX_EXCERPT)}…` : line
  }
}

/** Finds `secrets`, also as JSON and as part of a URL, in either case. The longest first: one may be part of another. */
export function anyOf(secrets: readonly string[]): RegExp {
  const forms = secrets.flatMap((text) => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])
  const patterns = forms
    .filter((text) => text !== '')
    .sort((a, b) => b.length - a.length)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  // Without any it matches nothing.
  return new RegExp(patterns.join('|') || '(?!)', 'gi')
}

/** What a server may repeat of a URL's query: all of it, and each value, as it was sent and as it was meant. */
function partsOf({ search, searchParams }: URL): readonly string[] {
  const query = search.slice(1)
  const sent = query.split('&').map((parameter) => parameter.slice(parameter.indexOf('=') + 1))
  return [search, query, ...sent, ...searchParams.values()]
}

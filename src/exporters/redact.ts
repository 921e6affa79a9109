const MAX_EXCERPT = 200
/** Shorter ones are in any text by chance: `1` is in `127.0.0.1`. */
const MIN_LENGTH = 4

/** What messages must not tell. */
export class Secrets {
  readonly #all: RegExp
  readonly #long: RegExp

  constructor(secrets: readonly string[]) {
    this.#all = anyOf(secrets)
    this.#long = anyOf(secrets.filter((text) => text.length >= MIN_LENGTH))
  }

  /** A server's words on one line, shortened and without secrets, the shortest included. */
  quoted(words: string): string {
    return line(words.replace(this.#all, '***'))
  }

  /** The same of what this side has to say, where a secret of less than four characters stays. */
  told(message: string): string {
    return line(message.replace(this.#long, '***'))
  }
}

function line(text: string): string {
  const one = text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
  return one.length > MAX_EXCERPT ? `${one.slice(0, MAX_EXCERPT)}…` : one
}

/** Finds `secrets`, also as JSON and as part of a URL, in either case. The longest first: one may be part of another. */
function anyOf(secrets: readonly string[]): RegExp {
  const forms = secrets
    // Half a character cannot be part of a URL.
    .map((text) => Buffer.from(text).toString())
    .flatMap((text) => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])
  const patterns = [...new Set(forms)]
    .filter((text) => text !== '')
    .sort((a, b) => b.length - a.length)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  // Without any it matches nothing.
  return new RegExp(patterns.join('|') || '(?!)', 'gi')
}

/** What a server may repeat of a header: all of it, what follows the scheme, and what `Basic` stands for. */
export function secretsOfHeader(value: string): readonly string[] {
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(.+)$/.exec(value) ?? []
  const basic = scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : ''
  return [value, credentials, basic, afterColon(basic)]
}

/** What may be secret in a URL: user and password, all of the query, and each value of it; as it was sent and as it was meant. */
export function secretsOfUrl(url: string): readonly string[] {
  const [, user = ''] = /:\/\/([^/?#]*)@/.exec(url) ?? []
  const [, search = '', query = ''] = /:\/\/[^?#]*(\?([^#]*))/.exec(url) ?? []
  const values = query.split('&').map((parameter) => parameter.slice(parameter.indexOf('=') + 1))
  const sent = [user, afterColon(user), query, ...values]
  return [search, ...sent, ...sent.map(decoded)]
}

/** The password of `user:password`; all of it where there is no user. */
function afterColon(text: string): string {
  return text.slice(text.indexOf(':') + 1)
}

function decoded(sent: string): string {
  try {
    return decodeURIComponent(sent.replaceAll('+', ' '))
  } catch {
    return sent
  }
}

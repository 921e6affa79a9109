import type { WriteStream } from 'node:tty'
import type { Style } from './line'

/** What a terminal can show, as far as the environment tells. */
export function styleOf({ isTTY }: Pick<WriteStream, 'isTTY'>, env: NodeJS.ProcessEnv = process.env): Style {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    // Whatever its value: https://no-color.org
    color: isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    // A container often says nothing, and a terminal of today shows UTF-8. The console of Linux has half of it.
    unicode: (locale === '' || /utf-?8/i.test(locale)) && env.TERM !== 'linux',
  }
}

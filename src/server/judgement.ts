import type { Figure, Subject, Verdict, Word } from '../core/status'

/** A verdict without its name. */
export type Judgement<S extends Subject> = Omit<Verdict, 'id' | 'metrics' | 'word'> & {
  readonly word: Word<S>
}

export function unknown(
  text: string,
  short: string,
  figures: readonly Figure[] = [],
): Judgement<Subject> & {
  readonly word: 'unknown'
} {
  return { level: 'unknown', word: 'unknown', short, text, figures, advice: '' }
}

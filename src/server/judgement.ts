import type { Figure, Verdict } from '../core/status'

/** A verdict without its name. */
export type Judgement = Omit<Verdict, 'id' | 'metrics'>

export function unknown(text: string, figures: readonly Figure[] = []): Judgement {
  return { level: 'unknown', word: 'unknown', text, figures, advice: '' }
}

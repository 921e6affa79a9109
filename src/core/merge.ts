import type { Batch, Description } from './batch'

/** One batch of what several processes have: the instant is that of `first`, and so is a description that differs. */
export function merge(first: Batch, others: readonly Batch[]): Batch {
  if (others.length === 0) return first
  const descriptions = new Map<string, Description>()
  for (const batch of [first, ...others]) {
    for (const [name, description] of Object.entries(batch.descriptions)) {
      if (!descriptions.has(name)) descriptions.set(name, description)
    }
  }
  return {
    ...first,
    metrics: [first, ...others].flatMap(({ metrics }) => metrics),
    descriptions: Object.fromEntries(descriptions),
  }
}

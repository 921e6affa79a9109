// A service whose heap leaks: `node --max-old-space-size=512 examples/leaking.mjs [--fixed]`.
// docs/reading-the-charts.md shows what that looks like.
import { fixed, serve } from './scenario.mjs'

/** What was answered, by the id of the order: one that is sent again, because its answer got lost, is not sold twice. */
const answers = new Map()
/** An answer that is to get lost does so in the next minute. */
const KEPT_ANSWERS = 500
/** No part of the service: the example gives the memory back before it runs out of it. */
const MOST_ANSWERS = 60_000

function answer(order) {
  const { id, items } = order
  const before = answers.get(id)
  if (before !== undefined) return before

  const lines = items.map(({ sku, price, quantity }) => ({ sku, price, quantity, sum: price * quantity }))
  const receipt = lines.map(({ sku, quantity, sum }) => `${quantity} ${sku}: ${sum.toFixed(2)}`)
  const sold = { order, lines, receipt, total: lines.reduce((total, { sum }) => total + sum, 0) }
  answers.set(id, sold)
  // The bug: nothing ever leaves the map. The fix: the oldest one goes, once there are enough.
  if (fixed && answers.size > KEPT_ANSWERS) answers.delete(answers.keys().next().value)
  if (answers.size > MOST_ANSWERS) answers.clear()
  return sold
}

await serve('leaking', answer, { perSecond: 400 })

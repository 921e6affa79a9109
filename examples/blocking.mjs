// A service whose event loop stalls now and then: `node examples/blocking.mjs [--fixed]`.
// docs/reading-the-charts.md shows what that looks like.
import { fixed, serve } from './scenario.mjs'

/** An article that is ordered twice has one line. */
function withoutDuplicates(items) {
  if (fixed) return [...new Map(items.map((item) => [item.sku, item])).values()]
  // The bug: each line is looked for among all before it. Nobody notices with twenty lines; a bulk order has 60,000.
  // The fix is above: a map finds each at once.
  const lines = []
  for (const item of items) {
    let known = false
    for (const line of lines) known ||= line.sku === item.sku
    if (!known) lines.push(item)
  }
  return lines
}

function answer({ id, items }) {
  const lines = withoutDuplicates(items)
  return { id, total: lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0) }
}

await serve('blocking', answer, { perSecond: 50, bulkSeconds: 10 })

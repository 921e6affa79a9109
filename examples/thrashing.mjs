// A service that keeps the garbage collector busy: `node examples/thrashing.mjs [--fixed]`.
// docs/reading-the-charts.md shows what that looks like.
import { setTimeout as sleep } from 'node:timers/promises'
import { fixed, serve } from './scenario.mjs'

/** What another program writes now and then. */
const priceList = JSON.stringify(
  Array.from({ length: 30_000 }, (_, i) => ({
    sku: `item-${i}`,
    price: i + 0.5,
    tax: 0.2,
    names: [`Item ${i}`],
  })),
)

function readPrices() {
  return new Map(JSON.parse(priceList).map((article) => [article.sku, article]))
}

let known
async function answer({ id, items }) {
  // The bug: every request makes all articles anew, to look at twenty of them. The fix: once, and again when they change.
  if (fixed) known ??= readPrices()
  const prices = known ?? readPrices()

  // They are all kept while the warehouse is asked, so they outlive the young generation.
  await sleep(100)
  const total = items.reduce((sum, { sku, quantity }) => sum + prices.get(sku).price * quantity, 0)
  return { id, total }
}

await serve('thrashing', answer, { perSecond: 16 })

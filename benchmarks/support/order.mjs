/** What the service of the benchmarks is sent. */
export const BODY = JSON.stringify({
  id: 4711,
  customer: { name: 'A customer', city: 'A city', since: 2019 },
  items: Array.from({ length: 8 }, (_, i) => ({ article: `article-${i}`, price: 9.5 + i, count: i + 1 })),
})

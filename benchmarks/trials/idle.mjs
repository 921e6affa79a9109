// An idle process with something set up, watched from outside: `idle.mjs SETUP WISHES SECONDS…`. The first seconds
// are not looked at; each further number is a window. What is exported arrives here.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { spentBetween, spentBy } from '../support/proc.mjs'
import { openSink } from '../support/sink.mjs'
import { watch } from '../support/watch.mjs'

const [setup, wishes, settling, ...windows] = process.argv.slice(2)
const sink = await openSink()

const result = await watch(setup, { ...sink.wishes, ...JSON.parse(wishes) }, async ({ pid }) => {
  await sleep(Number(settling) * 1000)
  const looks = [spentBy(pid)]
  for (const seconds of windows) {
    await sleep(Number(seconds) * 1000)
    looks.push(spentBy(pid))
  }
  return looks.slice(1).map((now, i) => spentBetween(looks[i], now))
})
emit(result)
process.exit()

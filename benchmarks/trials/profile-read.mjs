// What reading V8's heap profile takes of the main thread, timed by itself: `profile-read.mjs`. It is read ten seconds
// after the start, and then each minute, at the end of a turn of the loop.
import { setTimeout as sleep } from 'node:timers/promises'
import { emit } from '../support/emit.mjs'
import { loadBinding } from '../support/probe.mjs'
import { createService, exchangeJson } from '../support/service.mjs'
import { setUp } from '../support/setups.mjs'

const EVERY_MS = 20
const TIMEOUT_MS = 20_000

const binding = loadBinding()
binding.attach(0, 'main', { timeHooks: true })
// A service at work, whose allocations are in the profile.
const service = createService(20_000, exchangeJson)
await setUp('offloop', { intervalMs: 100 })
for (const end = performance.now() + TIMEOUT_MS; performance.now() < end; ) {
  service.turn(20)
  await sleep(EVERY_MS)
  const { profileNs } = binding.hookTimings()
  if (profileNs > 0) {
    emit({ profileNs })
    process.exit()
  }
}
throw new Error('the heap profile was not read')

import type { TinyObsServer } from '../support/tinyobs-server'
import { sleep } from './service'

/** For what happens in a server: there is no event to wait for. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

/** Resolves just after a batch has been answered, when no request is under way. */
export async function betweenRequests(server: TinyObsServer): Promise<void> {
  const seen = server.requests.length
  await until(() => server.requests.length > seen)
  await sleep(20)
}

/** When the batches that were stored had been taken, in the order in which they arrived. */
export function timesOf(requests: TinyObsServer['requests']): readonly number[] {
  return requests
    .filter(({ status }) => status === 200)
    .flatMap(({ timestamps }) => timestamps.map((time) => Date.parse(time)))
}

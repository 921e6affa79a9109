import { readParameters } from './parameters'
import { Refusal, type Stream } from './reply'
import type { Source } from './source'

/** Of the connections that the server takes, these may be held for good. */
const MAX_STREAMS = 8
/** Proxies end a connection that is silent, commonly after 30 or 60 s. */
const HEARTBEAT_MS = 15_000

/** `/v1/events`: what happens, as server-sent events, from now on. */
export function eventStreams(source: Source): (queryString: string) => Stream {
  let streams = 0
  return (queryString) => {
    readParameters(queryString, [])
    if (streams >= MAX_STREAMS) throw new Refusal(503, `there are ${MAX_STREAMS} event streams already`)
    return {
      type: 'text/event-stream; charset=utf-8',
      endless: true,
      async run(write, gone) {
        streams++
        const unsubscribe = source.subscribe(({ event, data }) => {
          void write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
        })
        const heartbeat = setInterval(() => void write(':\n\n'), HEARTBEAT_MS)
        // The head goes out with it, so that the client knows that it is connected.
        void write(':\n\n')
        await gone
        clearInterval(heartbeat)
        unsubscribe()
        streams--
      },
    }
  }
}

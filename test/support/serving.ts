import { onTestFinished } from 'vitest'
import type { ServeSettings } from '../../src/core/options'
import type { Source } from '../../src/server/source'
import { dist } from '../dist'
import { fakeSource } from './source'

const { createServer, LIMITS } = dist<typeof import('../../src/server/server')>('server/server.js')

/** A server on a free port for the length of one test; returns its URL. */
export async function serving(
  source: Partial<Source> = {},
  settings: Partial<Omit<ServeSettings, 'names' | 'share'>> = {},
  limits: Partial<typeof LIMITS> = {},
): Promise<string> {
  const server = createServer(
    { host: '127.0.0.1', port: 0, hosts: [], token: undefined, ...settings },
    fakeSource(source),
    { ...LIMITS, ...limits },
  )
  onTestFinished(() => server.close())
  return (await server.listen()).url
}

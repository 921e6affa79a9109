import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ErrorCode } from '../../src/core/errors'
import type { Sharing } from '../../src/core/sharing'
import type { HttpServer } from '../../src/server/server'
import type { Hello } from '../../src/server/share-protocol'
import { dist } from '../dist'
import { batch } from '../support/batches'
import { eventually } from '../support/shared'

const { SharedServer } = dist<typeof import('../../src/server/share')>('server/share.js')
const { ShareHub } = dist<typeof import('../../src/server/share-hub')>('server/share-hub.js')
const { socketPath } = dist<typeof import('../../src/server/share-folder')>('server/share-folder.js')
const { PROTOCOL } = dist<typeof import('../../src/server/share-protocol')>('server/share-protocol.js')
const { OffloopError } = dist<typeof import('../../src/core/errors')>('core/errors.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

const PORT = 9464

/** A process for which the port is in use, until it is free, and the socket where it looks for the one that has it. */
function sharing(wanted: boolean) {
  const runtime = mkdtempSync(join(tmpdir(), 'offloop-shared-'))
  const before = process.env.XDG_RUNTIME_DIR
  process.env.XDG_RUNTIME_DIR = runtime
  const { settings } = resolveOptions({ serve: { port: PORT } }, () => 'api')
  if (settings.serve === undefined) throw new Error('no settings')
  const { host, token, names, hosts } = settings.serve
  const shared: Sharing = { group: process.pid, labelled: false, wanted, worker: undefined }
  const port: { free: boolean; code: ErrorCode; tries: number } = {
    free: false,
    code: 'ERR_OFFLOOP_ADDRESS_IN_USE',
    tries: 0,
  }
  const http = {
    listen: async () => {
      port.tries++
      if (port.free) return { url: 'http://own' }
      throw new OffloopError(port.code, 'no port')
    },
    close: async () => {},
  } as unknown as HttpServer
  const failures: string[] = []
  const server = new SharedServer(
    http,
    settings.serve,
    { sharing: shared, service: 'api', intervalMs: 200 },
    {
      look: async () => batch(1),
      stalls: { list: () => [], onStall: () => () => {} },
      dropped() {},
      stall() {},
      failed: ({ message }) => failures.push(message),
    },
  )
  const hubs: InstanceType<typeof ShareHub>[] = []
  const serve = async () => {
    const digest = createHash('sha256').update(JSON.stringify([token, names, hosts]))
    const own: Hello = {
      type: 'hello',
      protocol: PROTOCOL,
      options: digest.digest('hex'),
      pid: 1,
      worker: undefined,
      service: 'api',
      intervalMs: 200,
    }
    const hub = new ShareHub(own, 'canonical', 'http://other', () => {})
    hubs.push(hub)
    await hub.listen(socketPath(shared.group, host, PORT))
    return hub
  }
  onTestFinished(async () => {
    await server.close()
    for (const hub of hubs) hub.close()
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR
    else process.env.XDG_RUNTIME_DIR = before
    rmSync(runtime, { recursive: true })
  })
  return { server, port, failures, serve }
}

test.each([true, false])(
  'one that has joined looks for the next one, whether it was meant to share (%s) or not',
  async (wanted) => {
    const { server, serve, failures } = sharing(wanted)
    const first = await serve()
    expect(await server.listen()).toEqual({ url: 'http://other' })
    await eventually(() => first.processes().length === 1 || undefined)
    first.close()
    // Neither the port nor anybody at the socket, for a few tries.
    await new Promise((resolve) => setTimeout(resolve, 300))
    const second = await serve()
    await eventually(() => second.processes().length === 1 || undefined)
    expect(failures).toEqual([])
  },
)

describe('where nobody is there to join', () => {
  test('one that is not meant to share says so at once, and that is all', async () => {
    const { server, port } = sharing(false)
    await expect(server.listen()).rejects.toThrow(/^no port$/)
    expect(port.tries).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(port.tries).toBe(1)
  })

  test('one that is waits for somebody, says so, and takes the port when it is free', async () => {
    const { server, port, failures } = sharing(true)
    await expect(server.listen()).rejects.toThrow(/^no port\. It cannot be shared: no process that shares it/)
    expect(port.tries).toBeGreaterThan(3)
    port.free = true
    await eventually(() => server.processes()[0]?.serves || undefined)
    expect(failures).toEqual([])
  })

  test('what others do not change is said at once, and tried again', async () => {
    const { server, port, failures } = sharing(true)
    port.code = 'ERR_OFFLOOP_LISTEN'
    await expect(server.listen()).rejects.toThrow(/^no port$/)
    expect(port.tries).toBe(1)
    port.free = true
    await eventually(() => server.processes()[0]?.serves || undefined)
    expect(failures).toEqual([])
  })
})

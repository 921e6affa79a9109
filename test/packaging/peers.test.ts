// The tarball beside the oldest and the newest of what it takes for an optional peer.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { type OtlpRequest, OtlpServer } from '../support/otlp-server.ts'
import { manager } from './support/managers.ts'
import { NODES, Project } from './support/project.ts'

const FIXTURE = fileURLToPath(new URL('fixtures/exports.cjs', import.meta.url))
const PACKAGES = ['@opentelemetry/exporter-metrics-otlp-http', '@opentelemetry/exporter-metrics-otlp-proto']

describe.each(['0.204.0', '0.223.0'])("OpenTelemetry's exporters %s", (version) => {
  const project = new Project().unpack(inject('unpacked'))

  beforeAll(async () => {
    copyFileSync(FIXTURE, join(project.folder, 'exports.cjs'))
    const { node, script } = manager('npm 11')
    const { code, stderr } = await project.runWith(node, node, [
      script,
      'install',
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      inject('tarball'),
      ...PACKAGES.map((name) => `${name}@${version}`),
    ])
    expect(code, stderr).toBe(0)
  })
  afterAll(() => project.remove())

  describe.each(NODES)('Node.js %s', (_, node) => {
    test.each(['http/json', 'http/protobuf'])('%s', async (protocol) => {
      const server = await OtlpServer.start()
      onTestFinished(() => server.close())
      const ended = await project.run(node, ['exports.cjs', server.url, protocol])
      expect(ended).toEqual({ code: 0, stdout: '{"complete":true,"failures":[]}\n', stderr: '' })
      const names = server.stored.flatMap(({ body }) =>
        protocol === 'http/json'
          ? namesIn(JSON.parse(String(body)) as OtlpRequest)
          : (body.toString('latin1').match(/v8js\.[a-z._]+|nodejs\.[a-z._]+/g) ?? []),
      )
      expect(names).toEqual(expect.arrayContaining(['v8js.memory.heap.used', 'nodejs.eventloop.time']))
    })
  })
})

function namesIn({ resourceMetrics }: OtlpRequest): string[] {
  return resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
  )
}

// The standard variables of OTLP, through a whole process that was started without code.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { attributesOf, type OtlpRequest, OtlpServer } from '../support/otlp-server'
import { certificate, key } from '../support/tls'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function started(tls?: Parameters<typeof OtlpServer.start>[0]): Promise<OtlpServer> {
  const server = await OtlpServer.start(tls)
  onTestFinished(() => server.close())
  return server
}

/** What a process has said that lived until `done`, and sent what it had at its exit. */
async function run(
  env: Record<string, string>,
  done: (stderr: string) => boolean,
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, ['--require', 'offloop/register', '-e', 'process.stdin.resume()'], {
    cwd: root,
    env: { ...process.env, OFFLOOP_INTERVAL_MS: '100', OFFLOOP_STALL_MS: '0', ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  await vi.waitFor(() => expect(child.exitCode !== null || done(stderr)).toBe(true), 25_000)
  child.stdin.end()
  await closed
  return { code: child.exitCode, stderr }
}

test('say where to, with what headers, compressed, over TLS that is verified, and of which resource', async () => {
  const server = await started({ key, cert: certificate })
  const elsewhere = await started()
  const folder = mkdtempSync(join(tmpdir(), 'offloop-otlp-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificate)
  const env = {
    OFFLOOP_EXPORT: 'otlp=',
    OTEL_EXPORTER_OTLP_ENDPOINT: elsewhere.origin,
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${server.origin}/tenant/7`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-general=a%20b,x-both=general',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-both=metrics',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_CERTIFICATE: ca,
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop,deployment.environment.name=a%2Cb',
  }
  expect(await run(env, () => server.stored.length > 1)).toEqual({ code: 0, stderr: '' })
  expect(elsewhere.requests).toEqual([])
  expect(server.stored.length).toBeGreaterThan(1)
  for (const { path, headers, body } of server.stored) {
    expect(path).toBe('/tenant/7')
    expect(headers).toMatchObject({
      'x-general': 'a b',
      'x-both': 'metrics',
      'content-encoding': 'gzip',
      'content-type': 'application/json',
    })
    const { resourceMetrics } = JSON.parse(body.toString()) as OtlpRequest
    expect(resourceMetrics.map(({ resource }) => attributesOf(resource.attributes))).toEqual([
      expect.objectContaining({ 'service.name': 'shop', 'deployment.environment.name': 'a,b' }),
    ])
  }
})

test('say nothing against OFFLOOP_EXPORT=otlp=URL, which has the path added', async () => {
  const [server, elsewhere] = [await started(), await started()]
  const env = { OFFLOOP_EXPORT: `otlp=${server.origin}`, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: elsewhere.url }
  expect(await run(env, () => server.stored.length > 1)).toEqual({ code: 0, stderr: '' })
  expect(elsewhere.requests).toEqual([])
  expect(new Set(server.stored.map(({ path }) => path))).toEqual(new Set(['/v1/metrics']))
  expect(server.stored[0]?.headers['content-type']).toBe('application/x-protobuf')
})

test('without the certificate nothing is sent, and one line says why', async () => {
  const server = await started({ key, cert: certificate })
  const { code, stderr } = await run(
    { OFFLOOP_EXPORT: 'otlp=', OTEL_EXPORTER_OTLP_ENDPOINT: server.origin },
    (said) => said !== '',
  )
  expect(code).toBe(0)
  expect(server.requests).toEqual([])
  expect(stderr).toMatch(/^offloop: exporter otlp: .*self.signed certificate.*\n$/)
})

test('one that cannot be used fails at the start, by its name', async () => {
  const { code, stderr } = await run(
    { OFFLOOP_EXPORT: 'otlp=', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    () => false,
  )
  expect(code).toBe(1)
  expect(stderr).toContain('(from OTEL_EXPORTER_OTLP_*) is "grpc"')
})

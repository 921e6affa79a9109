import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installed } from './debian'

export const hasPrometheus = installed('prometheus', 'prometheus', ['--version'])

export interface Target {
  readonly job: string
  /** Where it serves /metrics. */
  readonly url: string
}

export interface TargetState {
  readonly health: string
  readonly lastError: string
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

const SCRAPE_INTERVAL_MS = 1_000
const PATIENCE_MS = 15_000

/** A Prometheus server, of Debian's package, that scrapes `targets` each second. */
export class PrometheusServer {
  readonly #url: string
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #jobs: number

  private constructor(url: string, process: ChildProcess, folder: string, jobs: number) {
    this.#jobs = jobs
    this.#url = url
    this.#process = process
    this.#folder = folder
  }

  static async start(targets: readonly Target[], rules: readonly string[] = []): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-prometheus-'))
    const interval = `${SCRAPE_INTERVAL_MS}ms`
    // JSON is YAML.
    const config = {
      global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
      rule_files: rules,
      scrape_configs: targets.map(({ job, url }) => ({
        job_name: job,
        static_configs: [{ targets: [new URL(url).host] }],
      })),
    }
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
    const address = `127.0.0.1:${await freePort()}`
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const server = new PrometheusServer(`http://${address}`, child, folder, targets.length)
    await server.#until(async () => (await fetch(`${server.#url}/-/ready`)).ok, 'the server is ready')
    return server
  }

  /** Waits until each target was scraped, and then for `times` more scrapes. Prometheus takes 5 s to find targets. */
  async scraped(times: number): Promise<void> {
    await this.#until(async () => {
      const states = [...(await this.targets()).values()]
      return states.length === this.#jobs && states.every(({ health }) => health !== 'unknown')
    }, 'every target is scraped')
    await sleep(times * SCRAPE_INTERVAL_MS)
  }

  /** By job. */
  async targets(): Promise<ReadonlyMap<string, TargetState>> {
    const { activeTargets } = await this.#get<{
      activeTargets: (TargetState & { labels: { job: string } })[]
    }>('targets')
    return new Map(activeTargets.map((target) => [target.labels.job, target]))
  }

  /** The type of `metric` as each job told it: in OpenMetrics a counter is called so without `_total`. */
  async types(metric: string): Promise<ReadonlyMap<string, string>> {
    const metadata = await this.#get<{ target: { job: string }; type: string }[]>(
      `targets/metadata?metric=${metric}`,
    )
    return new Map(metadata.map(({ target, type }) => [target.job, type]))
  }

  /** The alerts that it has loaded, once each was evaluated: name, health, and what went wrong. */
  async alerts(): Promise<readonly { name: string; health: string; lastError?: string }[]> {
    const read = async () =>
      (
        await this.#get<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>(
          'rules',
        )
      ).groups.flatMap(({ rules }) => rules)
    await this.#until(
      async () => (await read()).every(({ health }) => health !== 'unknown'),
      'rules are evaluated',
    )
    return read()
  }

  /** What `query` answers now. @throws where Prometheus refuses it. */
  async query(query: string): Promise<readonly Sample[]> {
    const { result } = await this.#get<{ result: { metric: Sample['metric']; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(query)}`,
    )
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1].replace('Inf', 'Infinity')) }))
  }

  /** Waits until `query` answers something. */
  async answer(query: string): Promise<readonly Sample[]> {
    if ((await this.unanswered([query])).length > 0) throw new Error(`no answer: ${query}`)
    return this.query(query)
  }

  /** Waits until each of `queries` has an answer, all of whose values are finite; returns those that have none in time. */
  async unanswered(queries: readonly string[]): Promise<readonly string[]> {
    const end = performance.now() + PATIENCE_MS
    for (let left = queries; ; await sleep(500)) {
      const answers = await Promise.all(left.map((query) => this.query(query)))
      left = left.filter((_, index) => !isAnswer(answers[index]))
      if (left.length === 0 || performance.now() > end) return left
    }
  }

  /** All series of a job. */
  async series(job: string): Promise<readonly Sample['metric'][]> {
    return this.#get(`series?match[]=${encodeURIComponent(`{job="${job}"}`)}`)
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'exit')
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}`)
    const answer = (await response.json()) as { status: string; error?: string; data: T }
    if (answer.status !== 'success') throw new Error(`Prometheus refuses ${path}: ${answer.error}`)
    return answer.data
  }

  async #until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    for (let last: unknown; ; ) {
      if (this.#process.exitCode !== null) throw new Error(`Prometheus ended with ${this.#process.exitCode}`)
      try {
        if (await condition()) return
      } catch (error) {
        last = error
      }
      if (performance.now() > end) throw new Error(`not true in time: ${what}`, { cause: last })
      await sleep(100)
    }
  }
}

function isAnswer(samples: readonly Sample[] = []): boolean {
  return samples.length > 0 && samples.every(({ value }) => Number.isFinite(value))
}

/** What promtool says; throws where it finds a fault. */
export function promtool(args: readonly string[], input = ''): string {
  return execFileSync('promtool', args, { input, encoding: 'utf8', stdio: 'pipe' })
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

// What a fixture of the tests tells under every Node.js that we support: kept as raw data, and published.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { nodeFor, supported } from '../../scripts/nodes.mjs'
import { root } from '../../scripts/tools.mjs'
import { describeMachine } from '../harness/machine.mjs'
import { resultsFolder } from '../harness/results.mjs'
import { publishPage } from '../publish-event-loop.mjs'
import { nodeWithAddon } from './other-node.mjs'

/**
 * Measures each case on each version, as often as `rounds` says, and writes results and page.
 * @template {object} Case
 * @param {object} about
 * @param {string} about.name of the results file, and of the marks on the page
 * @param {string} about.page in docs/
 * @param {readonly Case[]} about.cases
 * @param {number} about.rounds
 * @param {boolean} [about.sideBySide] the cases of a version at once, where each of them mostly sleeps
 * @param {(bin: string, one: Case) => Promise<object>} measure
 */
export async function onEveryNode({ name, page, cases, rounds, sideBySide = false }, measure) {
  const measuredAt = new Date().toISOString()
  const machine = describeMachine()
  const nodes = supported.map((major) => ({ bin: nodeWithAddon(major), version: nodeFor(major).version }))
  /** @type {object[]} */
  const runs = []
  for (let round = 0; round < rounds; round++) {
    for (const { bin, version } of nodes) {
      const run = async (/** @type {Case} */ one) => ({ version, ...one, ...(await measure(bin, one)) })
      if (sideBySide) runs.push(...(await Promise.all(cases.map(run))))
      else for (const one of cases) runs.push(await run(one))
    }
  }
  const lines = runs.map((run) => JSON.stringify(run)).join(',\n')
  const head = JSON.stringify({ measuredAt, machine }, null, 2).replace(/\n}$/, '')
  const file = path.join(resultsFolder, `${measuredAt.slice(0, 10)}-${name}.json`)
  writeFileSync(file, `${head},\n"runs": [\n${lines}\n]}\n`)
  publishPage(page)
}

/**
 * The one message of a fixture.
 * @param {string} bin
 * @param {string} fixture
 * @param {{ arg: string, execArgv?: string[], cwd?: string }} how
 */
export async function toldBy(bin, fixture, { arg, execArgv = [], cwd = root }) {
  const file = path.join(root, 'test/fixtures', fixture)
  // That it is busy for long is no news.
  const env = { ...process.env, OFFLOOP_STALL_MS: '0' }
  const child = fork(file, [arg], { execPath: bin, execArgv: ['--expose-gc', ...execArgv], cwd, env })
  /** @type {any} */
  let told
  child.once('message', (message) => {
    told = message
  })
  const [code, signal] = await once(child, 'close')
  if (code !== 0 || told === undefined) throw new Error(`${fixture} ${arg}: ended with ${signal ?? code}`)
  return told
}

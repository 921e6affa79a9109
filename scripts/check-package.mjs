// Checks what would be published: packs it, lets publint and attw judge it, and loads it both ways. Needs npm only;
// `npm run test:packaging` has the binaries, the package managers and the other releases of Node.js.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { attempt, fail, root, say } from './tools.mjs'

const inBoth = `
  const required = require('offloop')
  import('offloop').then((imported) => {
    const names = Object.keys(required)
    if (names.length === 0) throw new Error('offloop exports nothing')
    for (const name of names) if (imported[name] !== required[name]) throw new Error(name + ' differs in ESM')
  })`

if (spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: root, stdio: 'inherit' }).status !== 0)
  process.exit(1)
const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-package-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

expect('npm pack', 'npm', ['pack', '--pack-destination', folder])
const tarball = path.join(folder, readdirSync(folder)[0] ?? fail('npm pack left no file'))
const bin = path.join(root, 'node_modules', '.bin')
expect('publint', path.join(bin, 'publint'), ['run', tarball, '--strict'])
// node16: the resolution before it knows no exports, and so no offloop/register.
expect('attw', path.join(bin, 'attw'), [tarball, '--profile', 'node16'])

const app = path.join(folder, 'app')
const installed = path.join(app, 'node_modules', 'offloop')
mkdirSync(installed, { recursive: true })
execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed])
expect('require and import agree', process.execPath, ['-e', inBoth], app)

/** @param {string} title @param {string} command @param {string[]} args @param {string} [cwd] */
function expect(title, command, args, cwd = root) {
  const { error, status, output } = attempt(command, args, { cwd })
  if (status !== 0) fail(`${title} failed\n${error?.message ?? output}`)
  say(`${title}: good`)
}

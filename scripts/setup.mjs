// Makes a fresh clone run, and does nothing, silently, where nothing is missing:
//
//   node scripts/setup.mjs [--node 20 22 … | --all]     for which Node.js the addon is built; the running one
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildNative, isBuilt } from './build-native.mjs'
import { bundle } from './bundle.mjs'
import { majorsFrom } from './nodes.mjs'
import { missingTools } from './targets.mjs'
import { filesBelow, hashOf, readStamp, root, say, step } from './tools.mjs'

const majors = majorsFrom(process.argv.slice(2))
installDependencies()
await compileTypeScript()
buildAddons()

function installDependencies() {
  const stamp = path.join(root, 'node_modules/.offloop-lock')
  const lock = hashOf(['package-lock.json'])
  if (readStamp(stamp) === lock) return
  // Also where NODE_ENV=production would leave the compilers out.
  step('installing dependencies (npm ci)', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'])
  writeFileSync(stamp, lock)
}

async function compileTypeScript() {
  const dist = path.join(root, 'dist')
  const sources = filesBelow('src')
  const builders = ['scripts/build-page.mjs', 'scripts/bundle.mjs', 'scripts/eager.mjs']
  const hash = hashOf([...sources, ...builders, 'tsconfig.json', 'package-lock.json'])
  if (readStamp(path.join(dist, '.sources')) === hash) return
  // Compiled beside dist and put in its place when whole: a failed build leaves the old one, and no file of a
  // source that is gone stays behind.
  const fresh = `${dist}-${process.pid}`
  const old = `${fresh}-old`
  process.once('exit', () => {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  })
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  step('compiling TypeScript', process.execPath, [tsc, '--outDir', fresh])
  for (const file of sources.filter((name) => !/\.m?ts$|^src.page\b/.test(name))) {
    cpSync(path.join(root, file), path.join(fresh, path.relative('src', file)))
  }
  step('bundling the page', process.execPath, ['scripts/build-page.mjs', path.join(fresh, 'page')])
  await bundle(fresh)
  writeFileSync(path.join(fresh, '.sources'), hash)
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
}

function buildAddons() {
  const stale = majors.filter((major) => !isBuilt(major))
  if (stale.length === 0) return
  const missing = missingTools()
  if (missing.length > 0) {
    say(`no addon: ${missing.join(', ')} not found. offloop falls back to perf_hooks, which sees less.`)
    return
  }
  for (const major of stale) buildNative(major)
}

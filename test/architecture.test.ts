import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { CALLED_BY_START } from '../scripts/eager.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** From the bottom to the top; what stands in one line does not know each other. */
const LAYERS = [
  ['core'],
  ['probe'],
  ['exporters'],
  ['server', 'page'],
  ['sampler', 'bridges', 'rebuild', 'top'],
  [''],
]

interface Import {
  readonly from: string
  readonly to: string
}

function filesOf(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .sort()
}

/** Everything that a file names in an import, an export, a require() or a type, types included. */
function specifiersIn(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return [
    /^import\s+(?:[\w\s{},*$]+\sfrom\s+)?['"]([^'"]+)['"]/gm,
    /^export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+['"]([^'"]+)['"]/gm,
    /\b(?:require|import)\(\s*['"]([^'"]+)['"]\s*\)/g,
  ].flatMap((pattern) => [...code.matchAll(pattern)].map(([, specifier]) => specifier as string))
}

/** Imports of our own files, as paths below `folder`. */
function importsIn(folder: string, file: string): Import[] {
  return specifiersIn(readFileSync(join(ROOT, folder, file), 'utf8'))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => {
      const target = normalize(join(dirname(file), specifier))
      const found = [target, `${target}.ts`, target.replace(/\.js$/, '.ts'), `${target}.js`].find(
        (name) => /\.(m?ts|js|json)$/.test(name) && existsSync(join(ROOT, folder, name)),
      )
      if (found === undefined) throw new Error(`${file} imports ${specifier}, which is not there`)
      return { from: file, to: found }
    })
}

const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] as string) : '')
const layerOf = (file: string) => LAYERS.findIndex((folders) => folders.includes(folderOf(file)))

describe('src', () => {
  const files = filesOf('src', /\.m?ts$/)
  const imports = files.flatMap((file) => importsIn('src', file))

  test('has a layer for every file', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(imports.length).toBeGreaterThan(files.length)
    expect(files.filter((file) => layerOf(file) === -1)).toEqual([])
  })

  test('imports downwards only, types included', () => {
    const upwards = imports.filter(
      ({ from, to }) => folderOf(from) !== folderOf(to) && layerOf(from) <= layerOf(to),
    )
    expect(upwards).toEqual([])
  })

  test('has entries that know nothing of each other, but for the ES module of the package', () => {
    const between = imports.filter(({ from, to }) => folderOf(from) === '' && folderOf(to) === '')
    expect(between).toEqual([{ from: 'index.mts', to: 'index.ts' }])
  })

  test('has no cycle', () => {
    const targets = new Map<string, string[]>()
    for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to])
    const done = new Set<string>()
    const cycles: string[][] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file])
      else if (!done.has(file)) for (const to of targets.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  test('imports nothing of others but Node.js, by its node: names', () => {
    const others = files.flatMap((file) =>
      specifiersIn(readFileSync(join(ROOT, 'src', file), 'utf8'))
        .filter((specifier) => !/^(\.|node:)/.test(specifier))
        // It is bundled into the page, and no code of ours for Node.js knows it.
        .filter((specifier) => !(specifier === 'uplot' && folderOf(file) === 'page'))
        .map((specifier) => ({ file, specifier })),
    )
    expect(others).toEqual([])
  })
})

describe('what is loaded', () => {
  const heavy = (file: string) => /^(server|exporters)\//.test(file)

  test('exporters and server, only by the sampling thread', () => {
    // The compiled files: types are gone from them.
    const imports = filesOf('dist', /(?<!^bundle\/.*)\.js$/).flatMap((file) => importsIn('dist', file))
    const loading = imports.filter(({ from, to }) => heavy(to) && !heavy(from)).map(({ from }) => from)
    expect([...new Set(loading)]).toEqual(['sampler/worker.js'])
  })

  const bundles = filesOf('dist/bundle', /\.js$/)
  const modulesIn = (bundle: string) => {
    const names = readFileSync(join(ROOT, 'dist/bundle', bundle), 'utf8').matchAll(/^ *\/\/ src\/(\S+)$/gm)
    return [...new Set([...names].map(([, file]) => file as string))]
  }

  test('exporters and server are in bundles of the sampling thread, and none is loaded before it is asked for', () => {
    expect(modulesIn('main.js')).toContain('sampler/start.ts')
    expect(
      bundles
        .filter((name) => name.startsWith('main'))
        .flatMap(modulesIn)
        .filter(heavy),
    ).toEqual([])
    expect(modulesIn('worker.js')).toContain('sampler/worker.ts')
    expect(modulesIn('worker.js').filter(heavy)).toEqual(['exporters/create.ts'])
    expect(modulesIn('worker-server.js')).toContain('server/server.ts')
    expect(modulesIn('worker-otlp.js')).toContain('exporters/otlp.ts')
  })

  test.each(['main', 'worker'])('what %s has is not once more in what it loads late', (thread) => {
    const late = bundles.filter((name) => name.startsWith(`${thread}-`))
    const own = new Set(modulesIn(`${thread}.js`))
    expect(late.length).toBeGreaterThan(2)
    expect(late.flatMap(modulesIn).filter((module) => own.has(module))).toEqual([])
  })

  test('what a start calls in the main thread is compiled with its file', () => {
    const script = `
      const { Session } = require('node:inspector')
      const { readFileSync } = require('node:fs')
      const session = new Session()
      session.connect()
      session.post('Profiler.enable')
      session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
      require('offloop').start({ service: 'x' })
      session.post('Profiler.takePreciseCoverage', (_, { result }) => {
        const { functions } = result.find(({ url }) => url.endsWith('/bundle/main.js'))
        const code = readFileSync(require.resolve('offloop'), 'utf8')
        const atTop = ({ ranges: [{ startOffset }] }) =>
          /(^|\\n)(var \\w+ = \\()?$/.test(code.slice(0, startOffset).slice(-100))
        const called = functions.filter((one) => one.functionName !== '' && one.ranges[0].count > 0 && atTop(one))
        console.log(JSON.stringify(called.map(({ functionName }) => functionName)))
        process.exit()
      })`
    const output = execFileSync(process.execPath, ['-e', script], { cwd: ROOT, env: {}, encoding: 'utf8' })
    expect((JSON.parse(output) as string[]).sort()).toEqual([...CALLED_BY_START])
  })

  test.each([
    ['require', "require('offloop')"],
    ['import', "await import('offloop')"],
    ['preload', "require('offloop/register')"],
    ['start', "require('offloop').start()"],
  ])('by %s in the main thread: no exporter, no server, no network', (how, code) => {
    const script = `
      const before = new Set(process.moduleLoadList)
      ;(async () => {
        ${code}
        const files = Object.keys(require.cache)
        const builtins = process.moduleLoadList.filter((name) => !before.has(name))
        console.log(JSON.stringify({ files, builtins }))
        process.exit()
      })()`
    const env = { PATH: process.env.PATH ?? '' }
    const output = execFileSync(process.execPath, ['-e', script], { cwd: ROOT, env, encoding: 'utf8' })
    const { files, builtins } = JSON.parse(output) as { files: string[]; builtins: string[] }
    const dist = join(ROOT, 'dist/')
    const ours = files.filter((file) => file.startsWith(dist)).map((file) => file.slice(dist.length))

    // As few files as can be: each costs the main thread 0.2 to 0.3 ms. `import` reads all that a package exports.
    const more = { import: ['bundle/main-metrics.js'], preload: ['bundle/main-register.js'] }
    expect(ours.sort()).toEqual([...(more[how as keyof typeof more] ?? []), 'bundle/main.js'].sort())
    expect(
      builtins.filter((name) => /\b(https?|http2|_http_\w+|net|tls|dgram|dns|zlib|crypto)$/.test(name)),
    ).toEqual([])
  })
})

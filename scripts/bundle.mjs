// Puts what each thread loads into one file, dist/bundle/main.js and dist/bundle/worker.js, with names and line numbers
// kept. To find, read and compile a file costs the main thread 0.2 to 0.3 ms, however small it is; and code costs memory,
// and time to compile, even where none of it runs. So what is required late (`require('./…')` inside a function) has a
// file of its own beside them, and so has each further entry of the package. Such a file takes from its thread's what that
// one has, so nothing that has state is there twice. The modules by themselves stay in dist, for tests and for the bridges.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CALLED_BY_START, eager } from './eager.mjs'
import { root } from './tools.mjs'

/** @typedef {import('esbuild').Plugin} Plugin */

/** @param {string} dist the compiled package */
export async function bundle(dist) {
  const outdir = path.join(dist, 'bundle')
  await bundleThread('main', 'src/index.ts', outdir, {
    beside: ['src/register.ts', 'src/thread.ts'],
    lateValues: { metrics: 'src/core/metrics.ts' },
    calledAtOnce: CALLED_BY_START,
  })
  await bundleThread('worker', 'src/sampler/worker.ts', outdir)
  lead(dist, 'index.js', "module.exports = require('./bundle/main.js')")
  lead(dist, 'index.mjs', "export * from './bundle/main.js'")
  lead(dist, 'register.js', "require('./bundle/main-register.js')")
  lead(dist, 'thread.js', "require('./bundle/main-thread.js')")
}

/** Has an entry lead to its bundle. */
function lead(/** @type {string} */ dist, /** @type {string} */ file, /** @type {string} */ code) {
  writeFileSync(path.join(dist, file), `${code}\n`)
  rmSync(path.join(dist, `${file}.map`))
}

/**
 * @param {string} thread
 * @param {string} entry
 * @param {string} outdir
 * @param {object} [more]
 * @param {readonly string[]} [more.beside] entries with files of their own
 * @param {Readonly<Record<string, string>>} [more.lateValues] what the entry declares and does not have: loaded when it is
 * read, from this module
 * @param {readonly string[]} [more.calledAtOnce] functions that are to be compiled with the file (eager.mjs)
 */
async function bundleThread(thread, entry, outdir, { beside = [], lateValues = {}, calledAtOnce = [] } = {}) {
  // Here, since setup.mjs runs before there is a node_modules.
  const { build } = await import('esbuild')
  /** @type {Map<string, string>} module, to the file that it has */
  const late = new Map(beside.map((module) => [module, fileOf(thread, module)]))
  /** @type {Set<string>} modules of the thread's file that late ones use */
  const used = new Set()
  /** @type {Plugin} */
  const apart = {
    name: 'apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\./, namespace: 'file' }, ({ kind, ...one }) => {
        const module = moduleOf(one)
        if (kind !== 'require-call' || !module.endsWith('.ts')) return undefined
        const file = fileOf(thread, module)
        if ([...late].some(([other, its]) => its === file && other !== module))
          throw new Error(`two are ${file}`)
        late.set(module, file)
        return { path: `./${file}`, external: true }
      })
    },
  }
  /** @type {Omit<import('esbuild').BuildOptions, 'write' | 'metafile'>} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: true,
    external: ['*/package.json', `./${thread}.js`],
    logLevel: 'warning',
  }
  const looking = /** @type {const} */ ({ ...common, outdir, metafile: true, write: false, format: 'esm' })
  const { metafile } = await build({ ...looking, entryPoints: [entry], plugins: [apart] })
  for (const module of Object.values(lateValues)) late.set(module, fileOf(thread, module))
  /** @type {Plugin} */
  const shared = {
    name: 'shared',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\./, namespace: 'file' }, (one) => {
        const module = moduleOf(one)
        return module in metafile.inputs && !late.has(module)
          ? { path: module, namespace: 'shared' }
          : undefined
      })
      onLoad({ filter: /./, namespace: 'shared' }, ({ path: module }) => {
        used.add(module)
        return {
          contents: `module.exports = require('./${thread}.js').${MODULES}.${nameOf(module)}`,
          resolveDir: root,
        }
      })
    },
  }
  const built = new Set()
  for (
    let [module] = late.keys();
    module !== undefined;
    [module] = [...late.keys()].filter((one) => !built.has(one))
  ) {
    built.add(module)
    const name = path.basename(/** @type {string} */ (late.get(module)), '.js')
    await build({ ...common, outdir, entryPoints: { [name]: module }, plugins: [apart, shared] })
  }

  /** The names that a module exports. */
  const namesOf = async (/** @type {string} */ module) => {
    const { metafile } = await build({ ...looking, entryPoints: [module], plugins: [apart] })
    return Object.values(metafile.outputs).flatMap((output) => output.exports)
  }
  const names = (await namesOf(entry)).filter((name) => name !== 'default')
  const nearby = (/** @type {string} */ module) =>
    `./${path.relative(path.dirname(entry), module).replace(/\.ts$/, '')}`
  const modules = []
  for (const module of [...used].sort()) modules.push({ module, names: await namesOf(module) })
  const exported = exporting({ entry, names, modules, lateValues, nearby })
  const sources = path.join(root, path.dirname(entry))
  /** @type {Plugin} */
  const first = {
    name: 'first',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^exported$/ }, () => ({ path: path.join(sources, 'exported.ts') }))
      onLoad({ filter: /exported\.ts$/ }, () => ({ contents: exported }))
      // To esbuild a module without exports is one only if it says so.
      onLoad({ filter: /\.ts$/ }, ({ path: file }) =>
        file === path.join(root, entry)
          ? { contents: `${readFileSync(file, 'utf8')}\nexport {}`, loader: 'ts' }
          : undefined,
      )
    },
  }
  const { outputFiles } = await build({
    ...common,
    write: false,
    outfile: path.join(outdir, `${thread}.js`),
    // What is exported is there before the thread's code runs, which may load a late file at once.
    stdin: { contents: `import 'exported'\nimport '${nearby(entry)}'`, resolveDir: sources },
    plugins: [first, apart],
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
  })
  for (const file of outputFiles) {
    writeFileSync(file.path, file.path.endsWith('.js') ? eager(file.text, calledAtOnce) : file.text)
  }
}

/**
 * Code that exports the thread's names and modules. As values, not by getters as esbuild makes them: V8 calls a getter at each
 * `offloop.counters`, and does not inline it.
 * @param {object} what
 * @param {string} what.entry
 * @param {readonly string[]} what.names that it exports
 * @param {readonly { module: string, names: readonly string[] }[]} what.modules for the thread's own files
 * @param {Readonly<Record<string, string>>} what.lateValues
 * @param {(module: string) => string} what.nearby how the code names a module
 */
function exporting({ entry, names, modules, lateValues, nearby }) {
  const here = (/** @type {string} */ module, /** @type {string} */ name) => `${nameOf(module)}_${name}`
  const objects = modules.map(({ module, names }) => {
    const fields = names.map((name) => `${name}: ${here(module, name)}`)
    return `${nameOf(module)}: { ${fields.join(', ')} }`
  })
  const getters = Object.entries(lateValues).map(
    ([name, module]) => `get ${name}() { return require('${nearby(module)}').${name} }`,
  )
  return [
    names.length === 0 ? '' : `import { ${names.join(', ')} } from '${nearby(entry)}'`,
    ...modules.map(({ module, names }) => {
      const imported = names.map((name) => `${name} as ${here(module, name)}`)
      return `import { ${imported.join(', ')} } from '${nearby(module)}'`
    }),
    'export {}',
    `module.exports = { ${names.join(', ')} }`,
    "Object.defineProperty(module.exports, '__esModule', { value: true })",
    `const late = { ${getters.join(', ')} }`,
    // In these words, so that Node.js finds the names for `import`.
    ...Object.keys(lateValues).map(
      (name) =>
        `Object.defineProperty(module.exports, '${name}', { enumerable: true, get() { return late.${name} } })`,
    ),
    // Not enumerable, and made only when a file of the thread asks.
    `Object.defineProperty(module.exports, '${MODULES}', { get() { return { ${objects.join(', ')} } } })`,
  ].join('\n')
}

/** What the thread's file has its modules by. */
const MODULES = '_modules'

function fileOf(/** @type {string} */ thread, /** @type {string} */ module) {
  return `${thread}-${path.basename(module, '.ts')}.js`
}

/** The source file that a specifier means, by its name below the root. */
function moduleOf(/** @type {{ path: string, resolveDir: string }} */ { path: specifier, resolveDir }) {
  const file = path.relative(root, path.resolve(resolveDir, specifier))
  return /\.(ts|json)$/.test(file) ? file : `${file}.ts`
}

/** What the thread's file calls a module that it has. */
function nameOf(/** @type {string} */ module) {
  return path.relative('src', module).replace(/\.ts$/, '').replace(/\W/g, '_')
}

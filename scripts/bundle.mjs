// Puts what each thread loads into one file, dist/bundle/main.js and dist/bundle/worker.js, with names and line numbers
// kept. What is required late (`require('./…')` inside a function) has a file of its own beside them: code costs memory,
// and time to compile, even where none of it runs. Such a file takes from its thread's what that one has, so nothing that
// has state is there twice. The modules by themselves stay in dist, for tests and for the bridges.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './tools.mjs'

/** @param {string} dist the compiled package */
export async function bundle(dist) {
  await bundleThread('main', 'src/bundle/main.ts', path.join(dist, 'bundle'))
  await bundleThread('worker', 'src/sampler/worker.ts', path.join(dist, 'bundle'))
}

/**
 * @param {string} thread
 * @param {string} entry
 * @param {string} outdir
 */
async function bundleThread(thread, entry, outdir) {
  // Here, since setup.mjs runs before there is a node_modules.
  const { build } = await import('esbuild')
  /** @type {Map<string, string>} module, to the file that it has */
  const late = new Map()
  /** @type {Set<string>} modules of the thread's file that late ones use */
  const used = new Set()
  /** @type {import('esbuild').Plugin} */
  const apart = {
    name: 'apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\./, namespace: 'file' }, ({ kind, ...one }) => {
        const module = moduleOf(one)
        if (kind !== 'require-call' || !module.endsWith('.ts')) return undefined
        const file = `${thread}-${path.basename(module, '.ts')}.js`
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
    outdir,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: true,
    external: ['*/package.json', `./${thread}.js`],
    logLevel: 'warning',
  }
  const { metafile } = await build({
    ...common,
    entryPoints: { [thread]: entry },
    plugins: [apart],
    metafile: true,
    write: false,
  })
  /** @type {import('esbuild').Plugin} */
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
        return { contents: `module.exports = require('./${thread}.js').${nameOf(module)}`, resolveDir: root }
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
    await build({ ...common, entryPoints: { [name]: module }, plugins: [apart, shared] })
  }
  /** @type {import('esbuild').Plugin} */
  const sharing = {
    name: 'sharing',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        if (file !== path.join(root, entry)) return undefined
        const added = [...used].sort().map((module) => {
          const specifier = path.relative(path.dirname(entry), module).replace(/\.ts$/, '')
          return `export * as ${nameOf(module)} from '${specifier}'`
        })
        return { contents: [readFileSync(file, 'utf8'), ...added].join('\n'), loader: 'ts' }
      })
    },
  }
  await build({ ...common, entryPoints: { [thread]: entry }, plugins: [apart, sharing] })
}

/** The source file that a specifier means, by its name below the root. */
function moduleOf(/** @type {{ path: string, resolveDir: string }} */ { path: specifier, resolveDir }) {
  const file = path.relative(root, path.resolve(resolveDir, specifier))
  return /\.(ts|json)$/.test(file) ? file : `${file}.ts`
}

/** What the thread's file calls a module that it has. */
function nameOf(/** @type {string} */ module) {
  return `_${path.relative('src', module).replace(/\.ts$/, '').replace(/\W/g, '_')}`
}

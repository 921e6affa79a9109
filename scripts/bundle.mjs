// Puts what each thread loads into one file: dist/bundle/main.js and dist/bundle/worker.js, with names and line numbers
// kept. What is required late is evaluated late there too. The modules by themselves stay beside them, for tests and for
// the bridges.
import path from 'node:path'
import { root } from './tools.mjs'

/** @param {string} dist the compiled package */
export async function bundle(dist) {
  // Here, since setup.mjs runs before there is a node_modules.
  const { buildSync } = await import('esbuild')
  buildSync({
    absWorkingDir: root,
    entryPoints: { main: 'src/bundle/main.ts', worker: 'src/sampler/worker.ts' },
    outdir: path.join(dist, 'bundle'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: true,
    external: ['*/package.json'],
    logLevel: 'warning',
  })
}

// Bundles the page of the HTTP server, for the compile step of setup.mjs:
//
//   node scripts/build-page.mjs FOLDER     where the files go
//
// Each file lies there twice, the second time compressed, so that the sampling thread never compresses them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildSync } from 'esbuild'
import { fail, root } from './tools.mjs'

const folder = process.argv[2] ?? fail('build-page.mjs needs the folder to write to')
const source = path.join(root, 'src/page')
const license = readFileSync(path.join(root, 'node_modules/uplot/LICENSE'), 'utf8')

mkdirSync(folder, { recursive: true })
buildSync({
  entryPoints: ['main.ts', 'page.css'].map((file) => ({ in: path.join(source, file), out: 'page' })),
  outdir: folder,
  bundle: true,
  minify: true,
  // Modules, fetch streams and dialogs: all browsers since 2022.
  target: 'es2022',
  format: 'iife',
  // It wants to be in every copy, and the sources have it in no form that a bundler keeps.
  banner: { js: `/*! Contains uPlot, https://github.com/leeoniya/uPlot\n\n${license.trim()}\n*/` },
  logLevel: 'warning',
})
copyFileSync(path.join(source, 'index.html'), path.join(folder, 'index.html'))
for (const file of readdirSync(folder)) {
  const name = path.join(folder, file)
  writeFileSync(`${name}.gz`, gzipSync(readFileSync(name), { level: 9 }))
}

// What is in the tarball, and what is not.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, inject, test } from 'vitest'

const unpacked = inject('unpacked')
const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))
const files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1))
  .sort()

test('no dependency of any kind, and nothing that runs at an install', () => {
  expect(Object.keys(manifest).filter((key) => /^(?!dev|peer).*dependencies/i.test(key))).toEqual([])
  // Peers are installed by nobody but the user.
  for (const peer of Object.keys(manifest.peerDependencies)) {
    expect(manifest.peerDependenciesMeta[peer], peer).toEqual({ optional: true })
  }
  const atInstall = /^(pre|post)?(install|prepare)$|^preprepare$|^postprepare$/
  expect(Object.keys(manifest.scripts).filter((script) => atInstall.test(script))).toEqual([])
  // npm compiles where it finds one, and pnpm asks whether it may.
  expect(files).not.toContain('binding.gyp')
})

test('the addon for every platform and ABI', () => {
  const abis = [115, 127, 137, 147]
  expect(files.filter((file) => file.startsWith('prebuilds/'))).toEqual([
    ...abis.map((abi) => `prebuilds/linux-arm64/offloop.abi${abi}.glibc.node`),
    ...abis.flatMap((abi) =>
      ['glibc', 'musl'].map((libc) => `prebuilds/linux-x64/offloop.abi${abi}.${libc}.node`),
    ),
  ])
})

test('compiled JavaScript with its types', () => {
  const compiled = files.filter((file) => /^dist\/(?!page\/).*\.m?js$/.test(file))
  expect(compiled.length).toBeGreaterThan(40)
  const untyped = compiled.filter((file) => !files.includes(file.replace(/(m?)js$/, 'd.$1ts')))
  // Nobody requires these but our own files.
  expect(untyped.filter((file) => !/^dist\/bundle\/(main|worker)(-[\w-]+)?\.js$/.test(file))).toEqual([])
  expect(untyped).toContain('dist/bundle/worker.js')
})

test('what a thread loads is there, and not once more beside its bundle', () => {
  const loaded = new Set<string>()
  const follow = (file: string): void => {
    if (loaded.has(file)) return
    loaded.add(file)
    expect(files).toContain(file)
    for (const [, name] of readFileSync(join(unpacked, file), 'utf8').matchAll(
      /(?:\brequire\(|\bfrom )["'](\.[^"']+)["']/g,
    )) {
      const target = join(dirname(file), name as string)
      follow(/\.(m?js|json)$/.test(target) ? target : `${target}.js`)
    }
  }
  const entries = JSON.stringify([manifest.exports, manifest.bin]).match(/dist\/[\w/-]+\.m?js/g) ?? []
  for (const file of [...entries, 'dist/bundle/worker.js']) follow(file)
  expect([...loaded].filter((file) => /^dist\/(exporters|sampler|server)\//.test(file))).toEqual([])
  expect(files.filter((file) => /^dist\/(exporters|sampler|server)\/[^/]+\.js$/.test(file))).toEqual([])
})

test('the page, each file plain and compressed', () => {
  const page = ['index.html', 'page.css', 'page.js'].flatMap((file) => [file, `${file}.gz`])
  expect(files.filter((file) => file.startsWith('dist/page/'))).toEqual(
    page.map((file) => `dist/page/${file}`),
  )
  // uPlot is in it, and its license asks to be named.
  expect(readFileSync(join(unpacked, 'dist/page/page.js'), 'utf8')).toMatch(/uPlot.*MIT/s)
})

test('native sources that are complete', () => {
  const gyp = readFileSync(join(unpacked, 'native/binding.gyp'), 'utf8')
  const sources = [...gyp.matchAll(/'native\/(\w+\.cc)'/g)].map(([, name]) => name as string).sort()
  expect(files.filter((file) => /^native\/\w+\.cc$/.test(file))).toEqual(
    sources.map((name) => `native/${name}`),
  )
  expect(sources.length).toBeGreaterThan(3)
  for (const source of files.filter((file) => /^native\/\w+\.(cc|h)$/.test(file))) {
    const text = readFileSync(join(unpacked, source), 'utf8')
    for (const [, header] of text.matchAll(/#include "([^"]+)"/g)) {
      expect(existsSync(join(unpacked, 'native', header as string)), `${source} includes ${header}`).toBe(
        true,
      )
    }
  }
  expect(files.filter((file) => file.startsWith('native/node-addon-api/'))).toEqual([
    'native/node-addon-api/LICENSE.md',
    'native/node-addon-api/napi-inl.deprecated.h',
    'native/node-addon-api/napi-inl.h',
    'native/node-addon-api/napi.h',
  ])
})

test('nothing else', () => {
  const expected =
    /^(dist|native|ops|prebuilds)\/|^docs\/[\w-]+\.md$|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/
  expect(files.filter((file) => !expected.test(file))).toEqual([])
  expect(files.filter((file) => /test|\.sources$|(^|\/)\./.test(file))).toEqual([])
})

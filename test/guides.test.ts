// What the guides in docs/ tell their readers to do, done.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dist } from './dist'
import { parsePrometheus } from './support/exposition'
import { freePort } from './support/free-port'

const { resolveOptions } = dist<typeof import('../src/core/options')>('core/options.js')
const ROOT = fileURLToPath(new URL('../', import.meta.url))
const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
const read = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8')
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block)

/** A folder where offloop is installed, with the files that the page names in the first line of a block. */
async function application(page: string) {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-guide-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/offloop'))
  const ports = { 9464: String(await freePort()), 8080: String(await freePort()) }
  const text = read(page).replace(/\b(9464|8080)\b/g, (port) => ports[port as unknown as keyof typeof ports])
  for (const block of blocks(text, 'js')) {
    const [, file] = /^\/\/ ([\w-]+\.js)\n/.exec(block) ?? []
    if (file !== undefined) writeFileSync(join(folder, file), block)
  }
  return { folder, text, url: `http://127.0.0.1:${ports[9464]}` }
}

/** A command of a page, in its folder; what it prints is in `output`. */
function run(
  folder: string,
  command: string,
  given: Record<string, string> = {},
): { process: ChildProcess; output: () => string } {
  const words = command.split(' ')
  const [variable, value] = words[0]?.includes('=') ? (words.shift() as string).split('=') : []
  const [program, ...args] = words
  // As npx would, which asks the registry where it finds nothing.
  const rest = program === 'npx' ? ['node_modules/offloop/dist/cli.js', ...args.slice(1)] : args
  expect(['node', 'npx']).toContain(program)
  const child = spawn(process.execPath, rest, {
    cwd: folder,
    env: { ...process.env, ...given, ...(variable !== undefined && { [variable]: value }) },
  })
  onTestFinished(() => {
    child.kill('SIGTERM')
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  return { process: child, output: () => output }
}

/** The text at `url`, once something answers there. */
async function answer(url: string): Promise<string> {
  let text = ''
  await expect
    .poll(
      async () => {
        const response = await fetch(url).catch(() => undefined)
        text = (await response?.text()) ?? ''
        return response?.status
      },
      { timeout: 20_000 },
    )
    .toBe(200)
  return text
}

const START = read('getting-started.md')
const COMMANDS = blocks(START, 'sh')
  .flatMap((block) => block.trim().split('\n'))
  .filter((line) => /^(\w+=\S+ )?(node|npx) /.test(line))

describe('docs/getting-started.md', () => {
  test('has three ways to start', () => {
    expect(COMMANDS.map((line) => /--require|--import|offloop run|node \w+\.js/.exec(line)?.[0])).toEqual([
      'node app.js',
      '--require',
      '--import',
      'offloop run',
    ])
  })

  test.each(COMMANDS.map((command, index) => [command, index]))('%s', async (_, index) => {
    const { folder, text, url } = await application('getting-started.md')
    const app = readFileSync(join(folder, 'app.js'), 'utf8')
    // The same without a word of offloop.
    writeFileSync(join(folder, 'server.js'), app.slice(app.indexOf("require('node:http')")))
    const lines = text.split('\n').filter((line) => /^(\w+=\S+ )?(node|npx) /.test(line))
    const line = lines[index as number] as string
    // The port of all, where it says none, may be taken here.
    run(folder, line, line.startsWith('npx') ? { OFFLOOP_SERVE: new URL(url).host } : {})
    const asked = [...text.matchAll(/^curl (\S+)$/gm)].map(([, at = '']) => at)
    expect(asked).toEqual([`${url}/v1/status`, `${url}/metrics`])
    for (const at of asked) await answer(at)
    expect(JSON.parse(await answer(`${url}/v1/status`))).toHaveProperty('verdicts.length', 5)
    expect(await answer(`${url}/metrics`)).toContain('nodejs_heap_size_used_bytes')
    expect(await answer(`${url}/`)).toContain('<!doctype html>')
  })

  test('has alerts that are heard', async () => {
    const { folder } = await application('getting-started.md')
    const [rules = ''] = blocks(START, 'yaml')
    writeFileSync(join(folder, 'rules.yml'), rules)
    execFileSync('promtool', ['check', 'rules', 'rules.yml'], { cwd: folder, stdio: 'pipe' })
    const block =
      'setTimeout(function stop() { for (const end = Date.now() + 2000; Date.now() < end; ); }, 1000)'
    const alert = readFileSync(join(folder, 'alert.js'), 'utf8')
    writeFileSync(join(folder, 'alert.js'), `${alert}\nsetInterval(() => {}, 1000)\n${block}\n`)
    const { output } = run(folder, 'node alert.js')
    await expect.poll(output, { timeout: 20_000 }).toMatch(/^stuck for [\d.]+ ms by code, in stop$/m)
  })
})

describe('docs/custom-collectors.md', () => {
  test.each([
    ['collector.js', 'orders_open', { region: 'eu' }, 3],
    ['collector.js', 'orders_sold_total', {}, 0],
    ['histogram.js', 'checkout_seconds_bucket', { le: '0.1' }, 3],
    ['histogram.js', 'checkout_seconds_count', {}, 4],
  ])('%s has %s%j', async (file, name, labels, value) => {
    const { folder, url } = await application('custom-collectors.md')
    const program = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), `${program}\nsetInterval(() => {}, 1000)\n`)
    const { output } = run(folder, `node ${file}`)
    const served = async () =>
      [...parsePrometheus(await answer(`${url}/metrics`)).values()].flatMap(({ samples }) => samples)
    const wanted = { name, labels: { ...labels, service: 'shop' }, value }
    await expect.poll(served, { timeout: 25_000 }).toContainEqual(expect.objectContaining(wanted))
    expect(output()).toBe('')
  })
})

describe('README.md, SECURITY.md and docs/', () => {
  const texts = new Map([
    ...['README.md', 'SECURITY.md'].map((name) => [name, readFileSync(join(ROOT, name), 'utf8')] as const),
    ...pages.map((name) => [`docs/${name}`, read(name)] as const),
  ])
  /** What any of them has, with where. */
  const all = (pattern: RegExp) =>
    [...texts].flatMap(([name, text]) =>
      [...text.matchAll(pattern)].map((match) => [name, match[1] ?? match[0]] as const),
    )

  test('start it as docs/getting-started.md does, whose commands are run', () => {
    const commands = blocks(texts.get('README.md') as string, 'sh')
      .flatMap((block) => block.trim().split('\n'))
      .filter((line) => /^(\w+=\S+ )?(node|npx) /.test(line))
    expect(commands).toHaveLength(3)
    for (const command of commands) {
      expect(COMMANDS).toContain(command.replace(/ app\.js.*/, ' server.js').replace(/'/g, ''))
    }
  })

  test('name commands that there are, with options that their help has', async () => {
    const commands = all(/\boffloop ((?:run|top|rebuild|help)\b(?: (?:--?[\w-]+|\d+))*)/g)
    expect(commands.length).toBeGreaterThan(20)
    const help = (name: string) =>
      execFileSync(process.execPath, [join(ROOT, 'dist/cli.js'), 'help', name], { encoding: 'utf8' })
    const helps = new Map(['run', 'top', 'rebuild', 'help'].map((name) => [name, help(name)]))
    for (const [name, command] of commands) {
      const [words = '', ...options] = command.split(' --')
      for (const option of options) {
        expect(helps.get(words.split(' ')[0] as string), `${name}: ${command}`).toContain(`--${option}`)
      }
    }
  })

  test('ask for what is served', async () => {
    const urls = all(/\bcurl '?(http:\/\/[\d.:]+\/[^'`\s]*)/g)
    expect(urls.length).toBeGreaterThan(6)
    const { folder, url } = await application('getting-started.md')
    run(folder, 'node app.js')
    for (const [, asked] of urls) await answer(asked.replace('http://127.0.0.1:9464', url))
  })

  test('have options that start() takes', () => {
    const calls = all(/^[^\n/]*\bstart\((\{[\s\S]*?\})\)/gm).concat(all(/\bstart\((\{[^()]*?\})\)/g))
    expect(calls.length).toBeGreaterThan(12)
    for (const [name, options] of calls) {
      const given = options.replace('./to-kafka.mjs', join(ROOT, 'examples/file-exporter.mjs'))
      const value: unknown = runInNewContext(`(${given})`, {
        process: { env: { NEW_RELIC_LICENSE_KEY: 'key' } },
      })
      expect(
        () => resolveOptions(structuredClone(value), () => 'service'),
        `${name}: ${options}`,
      ).not.toThrow()
    }
  })

  test('name variables that there are', () => {
    const help = execFileSync(process.execPath, [join(ROOT, 'dist/cli.js'), 'help'], { encoding: 'utf8' })
    const top = execFileSync(process.execPath, [join(ROOT, 'dist/cli.js'), 'help', 'top'], {
      encoding: 'utf8',
    })
    const variables = all(/(?<!ERR_)\bOFFLOOP_[A-Z_]*[A-Z]\b/g)
    expect(variables.length).toBeGreaterThan(15)
    for (const [name, variable] of variables) {
      // Of the tests.
      if (variable === 'OFFLOOP_PICTURES') continue
      expect(help + top, name).toContain(`  ${variable} `)
    }
  })
})

describe('docs/contributing.md', () => {
  const text = read('contributing.md')

  test('names scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
    const named = [...text.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(10)
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named.filter((name) => name !== 'and')))
  })

  test('names files that there are', () => {
    const paths = [
      ...text.matchAll(/`((?:native|src|test|benchmarks|ops|examples|scripts|\.ci)\/[\w./-]*)`/g),
    ]
    expect(paths.length).toBeGreaterThan(20)
    // The package's own is made when it is packed.
    for (const [, path = ''] of paths) {
      if (path !== 'native/binding.gyp') expect(existsSync(join(ROOT, path)), path).toBe(true)
    }
  })
})

describe('docs/', () => {
  test('has each page in its index, once', () => {
    const listed = [...read('README.md').matchAll(/^- \[[^\]]+\]\(([\w-]+\.md)\): .+\.$/gm)].map(
      ([, name]) => name,
    )
    expect(listed.sort()).toEqual(pages.filter((name) => name !== 'README.md').sort())
  })

  test.each(pages)('%s has no link to nowhere', (name) => {
    for (const [, link = ''] of read(name).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? join(ROOT, 'docs', name) : join(ROOT, 'docs', dirname(name), path)
      expect(existsSync(target), link).toBe(true)
      if (anchor === undefined) continue
      // As GitHub makes them of titles.
      const titles = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      )
      expect(titles, link).toContain(anchor)
    }
  })
})

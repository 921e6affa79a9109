// Fetches the backends that tests export to, from Debian's mirror into ~/.cache/offloop/backends, once. Nothing is
// installed: packages are unpacked there. Needs apt-get and dpkg, and no other rights than one's own.
//
//   node scripts/backends.mjs [victoria-metrics | protoc …]     prints where each is
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { attempt } from './tools.mjs'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const cache = path.join(os.homedir(), '.cache/offloop/backends')

/** Packages by backend, each from a release of Debian: their programs run on the one before, too. */
const BACKENDS = {
  'victoria-metrics': { trixie: ['victoria-metrics'] },
  protoc: {
    bookworm: ['protobuf-compiler', 'libprotoc32', 'libprotobuf32'],
    'bookworm-backports': ['opentelemetry-proto'],
  },
}

/**
 * The folder that has the files of a backend below `usr`.
 * @param {keyof typeof BACKENDS} name
 * @returns {string}
 */
export function backend(name) {
  const folder = path.join(cache, name)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  // Put in its place when whole: several tests may want it at once.
  const work = mkdtempSync(path.join(cache, `${name}-`))
  try {
    const files = path.join(work, 'files')
    for (const [release, packages] of Object.entries(BACKENDS[name]))
      fetchFrom(release, packages, work, files)
    try {
      renameSync(files, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
    return folder
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** @param {string} release @param {string[]} packages @param {string} work @param {string} files */
function fetchFrom(release, packages, work, files) {
  const own = path.join(work, release)
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(path.join(own, part), { recursive: true })
  const list = path.join(own, 'sources.list')
  writeFileSync(list, `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${release} main\n`)
  const options = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': path.join(own, 'lists'),
    'Dir::Cache': path.join(own, 'cache'),
    'APT::Sandbox::User': '',
    'Debug::NoLocking': '1',
  }
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  run('apt-get', [...flags, 'update'], own)
  for (const name of packages) {
    const archives = mkdtempSync(path.join(own, 'archive-'))
    run('apt-get', [...flags, 'download', name], archives)
    run('sh', ['-c', 'dpkg -x ./*.deb "$1"', 'sh', files], archives)
  }
}

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  const { status, error, output } = attempt(command, args, { cwd })
  if (status === 0) return
  throw new Error(
    `${command} ${args.at(-1)} failed, which fetches a backend to test against: ${error?.message ?? output}`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BACKENDS)
  for (const name of names) console.log(backend(/** @type {keyof typeof BACKENDS} */ (name)))
}

// What an addon can be built for: this machine, and what the package ships binaries for.
import { fileURLToPath } from 'node:url'
import { attempt } from './tools.mjs'

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} platform
 * @property {string} arch
 * @property {string} [libc] on Linux
 * @property {Record<string, string>} env for node-gyp
 * @property {string[]} strip the command that takes the names of private symbols out, or nothing
 * @property {string[]} tools what must be there, beside Python and make
 * @property {string} [hint] where to get them
 */

const { platform, arch } = process
const libc = platform === 'linux' ? libcName() : undefined

/** @type {Target} */
export const hostTarget = {
  name: [platform, arch, libc].filter(Boolean).join('-'),
  platform,
  arch,
  ...(libc && { libc }),
  env: {},
  // Not on Windows: symbols are in a file of their own there.
  strip: platform === 'linux' ? ['strip', '--strip-unneeded'] : platform === 'darwin' ? ['strip', '-Sx'] : [],
  // Only node-gyp itself can tell on Windows.
  tools: platform === 'win32' ? [] : [process.env.CXX ?? 'g++'],
}

const musl = fileURLToPath(new URL('musl/g++', import.meta.url))
const arm64 = 'aarch64-linux-gnu'

/** @type {Target[]} */
const cross = [
  {
    name: 'linux-x64-musl',
    platform: 'linux',
    arch: 'x64',
    libc: 'musl',
    env: { CC: 'musl-gcc', CXX: musl, LINK: musl },
    strip: ['strip', '--strip-unneeded'],
    tools: ['musl-gcc', 'g++'],
    hint: 'apt-get install musl-tools',
  },
  {
    name: 'linux-arm64-glibc',
    platform: 'linux',
    arch: 'arm64',
    libc: 'glibc',
    env: { CC: `${arm64}-gcc`, CXX: `${arm64}-g++`, LINK: `${arm64}-g++`, AR: `${arm64}-ar` },
    strip: [`${arm64}-strip`, '--strip-unneeded'],
    tools: [`${arm64}-g++`, `${arm64}-strip`],
    hint: 'apt-get install g++-aarch64-linux-gnu',
  },
]

/** All that the package ships binaries for. Debian 12 on x64 builds them. */
export function releaseTargets() {
  if (hostTarget.name !== 'linux-x64-glibc') throw new Error('a release is built on linux-x64 with glibc')
  return [hostTarget, ...cross]
}

/** What node-gyp would miss here. @param {Target} [target] */
export function missingTools(target = hostTarget) {
  const common = target.platform === 'win32' ? [] : ['make', process.env.PYTHON ?? 'python3']
  return [...target.tools, ...common]
    .filter((tool) => attempt(tool, ['--version']).status !== 0)
    .map((tool) => (target.hint && target.tools.includes(tool) ? `${tool} (${target.hint})` : tool))
}

function libcName() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
  return header.glibcVersionRuntime ? 'glibc' : 'musl'
}

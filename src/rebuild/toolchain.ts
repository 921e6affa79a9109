import { RebuildError } from './rebuild-error'
import { run } from './run'

const PACKAGES = `  Debian, Ubuntu   apt-get install g++ make python3
  Fedora, RHEL     dnf install gcc-c++ make python3
  Alpine           apk add g++ make python3
  macOS            xcode-select --install`

/** Says what is missing of what node-gyp needs, before it says it less clearly. */
export function checkToolchain(): void {
  // Only node-gyp itself can find Visual Studio.
  if (process.platform === 'win32') return
  const { CXX, MAKE, PYTHON, NODE_GYP_FORCE_PYTHON, npm_config_python } = process.env
  const missing = [
    answers(CXX ?? 'g++') ? [] : [`a C++ compiler (${CXX ?? 'g++'})`],
    answers(MAKE ?? 'make') ? [] : [MAKE ?? 'make'],
    [NODE_GYP_FORCE_PYTHON, npm_config_python, PYTHON, 'python3', 'python'].some(
      (python) => python !== undefined && answers(python),
    )
      ? []
      : ['Python 3'],
  ].flat()
  if (missing.length === 0) return
  throw new RebuildError(
    `compiling needs ${missing.join(' and ')}, which ${missing.length > 1 ? 'are' : 'is'} not there\n\n${PACKAGES}`,
  )
}

/** What the output of a failed build tells beside itself, if it is known. */
export function adviceFor(output: string): string {
  if (/unrecognized.*std=gnu\+\+20|C\+\+20 or later required|requires.*C\+\+20/i.test(output)) {
    return "Node.js's headers need a compiler that knows C++20: g++ 12 or clang 16, or a newer one (CXX=…)."
  }
  if (/distutils/.test(output)) {
    return 'This node-gyp is too old for this Python: a newer npm brings a newer one.'
  }
  return ''
}

// With a shell: the variables may hold more than one word.
function answers(command: string): boolean {
  return run(`${command} --version`, [], { shell: true }).ok
}

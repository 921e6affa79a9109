import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { installed } from './debian'

// By its path: another Python before it in PATH would not see Debian's packages.
const PYTHON = '/usr/bin/python3'

export const hasPythonClient = installed('python3-prometheus-client', PYTHON, [
  '-c',
  'import prometheus_client',
])

export interface PythonFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly unit: string
  readonly samples: readonly (readonly [
    name: string,
    labels: Readonly<Record<string, string>>,
    value: string,
  ])[]
}

/** What the Python client reads in each text; a message where it refuses one. */
export function readByPython(
  texts: readonly (readonly [format: 'openmetrics' | 'text', text: string])[],
): readonly (readonly PythonFamily[] | string)[] {
  const script = fileURLToPath(new URL('openmetrics.py', import.meta.url))
  const input = JSON.stringify(texts)
  const output = execFileSync(PYTHON, [script], { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  return JSON.parse(output) as (readonly PythonFamily[] | string)[]
}

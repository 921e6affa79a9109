import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Environment } from './variables'

/**
 * The service's name where none is given: `OTEL_SERVICE_NAME`, else `service.name` of `OTEL_RESOURCE_ATTRIBUTES`, else the
 * application's package, else `node`.
 */
export function defaultService(env: Environment, script: string | undefined, cwd: () => string): string {
  if (env.OTEL_SERVICE_NAME !== undefined && env.OTEL_SERVICE_NAME !== '') return env.OTEL_SERVICE_NAME
  const resource = resourceFromEnvironment(env)['service.name']
  if (resource !== undefined && resource !== '') return resource
  return packageName(script === undefined ? folderOf(cwd) : dirname(script)) ?? 'node'
}

// A deployment may have removed the folder under a running process: process.cwd() throws then.
function folderOf(cwd: () => string): string {
  try {
    return cwd()
  } catch {
    return '/'
  }
}

function packageName(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { name } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as { name?: unknown }
      if (typeof name === 'string' && name !== '') return name
    } catch {
      // No package here, or none that can be read: the one above decides.
    }
    if (dirname(at) === at) return undefined
  }
}

/** Of `OTEL_RESOURCE_ATTRIBUTES`. The specification has one that cannot be read ignored as a whole. */
export function resourceFromEnvironment(env: Environment): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const part of (env.OTEL_RESOURCE_ATTRIBUTES ?? '').split(',')) {
    if (part.trim() === '') continue
    const at = part.indexOf('=')
    try {
      if (at < 1) return {}
      attributes[decodeURIComponent(part.slice(0, at).trim())] = decodeURIComponent(part.slice(at + 1).trim())
    } catch {
      return {}
    }
  }
  return attributes
}

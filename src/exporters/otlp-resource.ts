import os from 'node:os'
import type { Attributes } from '../core/otel-data'
import { resourceFromEnvironment } from '../core/service'

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm: 'arm32',
  ppc: 'ppc32',
  ia32: 'x86',
}
const SYSTEMS: Readonly<Record<string, string>> = { sunos: 'solaris', win32: 'windows' }

/**
 * Who reports. `given` goes before `OTEL_RESOURCE_ATTRIBUTES`, and those before what is found here. The command line is
 * left out on purpose: it may hold secrets.
 */
export function resourceAttributes(service: string, given: Attributes, env = process.env): Attributes {
  const { 'service.instance.id': instance, ...others } = given
  return {
    'host.name': os.hostname(),
    'host.arch': ARCHITECTURES[process.arch] ?? process.arch,
    'os.type': SYSTEMS[process.platform] ?? process.platform,
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    ...(instance === undefined ? {} : { 'service.instance.id': instance }),
    ...resourceFromEnvironment(env),
    'service.name': service,
    ...others,
  }
}

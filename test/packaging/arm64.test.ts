// The arm64 addons in the arm64 Node.js, by an emulator of its processor. What that cannot show is an arm64 machine's
// weaker order of memory accesses: qemu on x64 keeps the stronger one of its host.
import { afterAll, expect, inject, test } from 'vitest'
import { abiOf, arm64NodeFor, supported } from '../../scripts/nodes.mjs'
import { expectNative, Project, told } from './support/project.ts'

const project = new Project().unpack(inject('unpacked'))
afterAll(() => project.remove())

test.each(supported)('Node.js %s on arm64 counts collections, in a thread that samples', async (major) => {
  const { bin } = arm64NodeFor(major)
  const emulated = ['-L', '/usr/aarch64-linux-gnu', bin, '--expose-gc', 'uses.cjs']
  expectNative(told(await project.run('qemu-aarch64', emulated)), abiOf(major), 'arm64')
})

test('the x64 addon would not do', async () => {
  const { bin } = arm64NodeFor(20)
  const name = `offloop.abi${abiOf(20)}.glibc.node`
  const load = `require('./node_modules/offloop/prebuilds/linux-x64/${name}')`
  const { code, stderr } = await project.run('qemu-aarch64', [
    '-L',
    '/usr/aarch64-linux-gnu',
    bin,
    '-e',
    load,
  ])
  expect(code).toBe(1)
  expect(stderr).toContain('ERR_DLOPEN_FAILED')
})

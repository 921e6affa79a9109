import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { inLinux, linuxRuns } from '../support/uml'

const MIB = 1024 * 1024
const ROOT = '/sys/fs/cgroup'
const OUTER = `${ROOT}/pod`
const INNER = `${OUTER}/app`
const FIXTURE = fileURLToPath(new URL('../fixtures/cgroup-v2.cjs', import.meta.url))

interface Told {
  readonly step: string
  readonly limitBytes?: number
  readonly usageBytes: number
  /** By the kernel, before and after the sample. */
  readonly before: number
  readonly after: number
}

test.runIf(linuxRuns())(
  "the container's limit and use are those of the kernel, in cgroups of v2",
  async () => {
    const printed = await inLinux(
      [
        `mount -t cgroup2 cgroup2 ${ROOT}`,
        `echo +memory > ${ROOT}/cgroup.subtree_control`,
        `mkdir -p ${INNER}`,
        `echo +memory > ${OUTER}/cgroup.subtree_control`,
        `sh -c 'echo $$ > ${INNER}/cgroup.procs; exec "${process.execPath}" "${FIXTURE}" ${OUTER} ${INNER}'`,
      ],
      60_000,
    )
    const told = [...printed.matchAll(/^TOLD (.*)$/gm)].map(([, json]) => JSON.parse(json as string) as Told)
    expect(
      told.map(({ step, limitBytes }) => [step, limitBytes]),
      printed,
    ).toEqual([
      ['no limit', undefined],
      ['limit above', 300 * MIB],
      ['larger limit of its own', 300 * MIB],
      ['smaller limit of its own', 250 * MIB],
      ['allocated', 250 * MIB],
      ['no limit again', undefined],
    ])
    for (const { usageBytes, before, after } of told) {
      expect(usageBytes).toBeGreaterThanOrEqual(Math.min(before, after) - MIB)
      expect(usageBytes).toBeLessThanOrEqual(Math.max(before, after) + MIB)
    }
    const usages = Object.fromEntries(told.map(({ step, usageBytes }) => [step, usageBytes]))
    const grown = (usages.allocated as number) - (usages['smaller limit of its own'] as number)
    expect(grown / MIB).toBeGreaterThan(60)
    expect(grown / MIB).toBeLessThan(70)
  },
  90_000,
)

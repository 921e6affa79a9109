import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { installed } from './debian'

/** Linux as a program of this one's, with this one's files (read-only): a kernel that has what this one may not have. */
const LINUX = 'linux.uml'

export const linuxRuns = () => installed('user-mode-linux', LINUX, ['--version'])

/** What commands of the shell print, run as the first process of a Linux of its own with /proc and /sys. */
export function inLinux(commands: readonly string[], timeoutMs: number): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'offloop-uml-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const init = path.join(folder, 'init')
  const script = [
    '#!/bin/sh',
    'mount -t proc proc /proc',
    'mount -t sysfs sysfs /sys',
    ...commands,
    // Where the first process ends the kernel panics. LINUX_REBOOT_CMD_POWER_OFF.
    `python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'`,
  ]
  writeFileSync(init, `${script.join('\n')}\n`)
  chmodSync(init, 0o755)
  const args = ['mem=512M', 'root=/dev/root', 'rootfstype=hostfs', 'ro', `init=${init}`]
  const consoles = ['con=null', 'con0=null,fd:1', 'quiet']
  return new Promise((resolve, reject) => {
    execFile(
      LINUX,
      [...args, ...consoles],
      { timeout: timeoutMs, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error?.killed) reject(new Error(`Linux did not end:\n${stdout}\n${stderr}`))
        else resolve(stdout.replaceAll('\r', ''))
      },
    )
  })
}

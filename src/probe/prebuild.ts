import { resolve } from 'node:path'

/** Where the addons of this platform are, one for each ABI of Node.js and, on Linux, each C library. */
export function prebuildsFolder(): string {
  return resolve(__dirname, '../../prebuilds', `${process.platform}-${process.arch}`)
}

/** The file name of the addon for the running Node.js. `libc`: on Linux `glibc` or `musl`. */
export function prebuildName(libc: string | undefined): string {
  return `offloop.abi${process.versions.modules}${libc === undefined ? '' : `.${libc}`}.node`
}

// Before `npm pack` and `npm publish`: what the package has and the repository has not.
import { copyFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { copyHeaders } from './build-native.mjs'
import { root } from './tools.mjs'

await import('./setup.mjs')
const native = path.join(root, 'native')
// Nothing stays of an older node-addon-api.
rmSync(path.join(native, 'node-addon-api'), { recursive: true, force: true })
copyHeaders(native)
copyFileSync(path.join(root, 'binding.gyp'), path.join(native, 'binding.gyp'))

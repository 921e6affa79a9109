import type { Server } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { messageOf, OffloopError } from '../core/errors'

export interface Address {
  readonly host: string
  readonly port: number
  /** For a client on this machine. */
  readonly url: string
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'this process may not use that port: those below 1024 need a privilege on most systems',
  EADDRNOTAVAIL: 'no network interface of this machine has that address',
  ENOTFOUND: 'that host name has no address',
}

/** Resolves once `server` listens. @throws {OffloopError} */
export function listen(server: Server, host: string, port: number): Promise<Address> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      // It may be tried again.
      server.off('listening', done)
      reject(listenError(error, host, port))
    }
    const done = (): void => {
      server.off('error', fail)
      const { address, port: taken } = server.address() as AddressInfo
      resolve({ host: address, port: taken, url: `http://${authority(reachable(address), taken)}` })
    }
    server.once('error', fail)
    server.listen(port, host, done)
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): OffloopError {
  const where = authority(host, port)
  if (error.code === 'EADDRINUSE') {
    const message = `${where} is in use: end what listens there, or set serve.port (OFFLOOP_SERVE) to another port (0 takes any free one)`
    return new OffloopError('ERR_OFFLOOP_ADDRESS_IN_USE', message, { cause: error })
  }
  const reason = REMEDIES[error.code ?? ''] ?? messageOf(error)
  return new OffloopError('ERR_OFFLOOP_LISTEN', `cannot listen on ${where}: ${reason} (${error.code})`, {
    cause: error,
  })
}

// One cannot connect to "all addresses" everywhere.
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}

function authority(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

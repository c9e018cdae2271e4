import { createServer, connect } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { makeCertificate } from '../../../tools/local-appservice/certificate.ts'
import type { Certificate } from '../../../tools/local-appservice/certificate.ts'

/** Gives `''` if a client that trusts the certificate only accepts it for the host, or else the error's code. */
async function verify(certificate: Certificate, host: string): Promise<string> {
  const server = createServer(certificate)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await new Promise(resolve => {
      const servername = host === '127.0.0.1' ? '' : host
      const socket = connect({ port, host: '127.0.0.1', servername, ca: certificate.cert }, () => {
        socket.end()
        resolve(socket.authorized ? '' : 'unauthorized')
      })
      socket.on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message)
      })
    })
  } finally {
    server.close()
  }
}

describe('makeCertificate', () => {
  it('makes a certificate that is its own authority for localhost', async () => {
    const certificate = await makeCertificate()
    expect(await verify(certificate, 'localhost')).toBe('')
  })

  it('makes a certificate for the address 127.0.0.1 too', async () => {
    const certificate = await makeCertificate()
    expect(await verify(certificate, '127.0.0.1')).toBe('')
  })

  it('makes a certificate for another host that localhost fails with', async () => {
    const certificate = await makeCertificate({ name: 'ftp.example.com' })
    expect(await verify(certificate, 'localhost')).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await verify(certificate, 'ftp.example.com')).toBe('')
  })

  it('makes an expired certificate', async () => {
    const certificate = await makeCertificate({ notAfter: new Date(Date.now() - 60_000) })
    expect(await verify(certificate, 'localhost')).toBe('CERT_HAS_EXPIRED')
  })
})

// The TLS certificate of the embedded FTP server. Knows nothing of FTP.
import { generate } from 'selfsigned'

/** Names what a test certificate is made for. */
export interface CertificateOptions {
  /** Host name in the subject and the alternative names; `localhost` (and 127.0.0.1 and .2) if left out. */
  readonly name?: string
  /** End of validity; a date in the past makes an expired certificate. Ten years from now if left out. */
  readonly notAfter?: Date
}

/** Holds a private key and its certificate, both PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000

/** Makes a self-signed certificate that is its own authority, so that `NODE_EXTRA_CA_CERTS` can name the very same file. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<Certificate> {
  const name = options.name ?? 'localhost'
  const notAfterDate = options.notAfter ?? new Date(Date.now() + 10 * YEAR_MS)
  // The second one is that of a proxy before the server.
  const addresses = ['127.0.0.1', '127.0.0.2'].map(ip => ({ type: 7, ip }) as const)
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // Clocks of two machines differ, and an expired certificate has to begin before it ends.
    notBeforeDate: new Date(Math.min(Date.now(), notAfterDate.getTime()) - YEAR_MS),
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }, ...(name === 'localhost' ? addresses : [])] }
    ]
  })
  return { key: made.private, cert: made.cert }
}

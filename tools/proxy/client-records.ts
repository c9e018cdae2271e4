// Where the records end that a client sends on a control connection: chunks of plain text, then records of TLS. Pure.

/** Finds the ends of records in what comes, wherever it was cut on the way. */
export interface RecordReader {
  /** The offsets behind the last byte of each record that ends in this chunk and carries application data. */
  ends(chunk: Buffer): readonly number[]
}

const HEADER_BYTES = 5
const CHANGE_CIPHER_SPEC = 20
const HANDSHAKE = 22
const APPLICATION_DATA = 23

/** Makes a reader for one connection, which may turn to TLS at any chunk. */
export function recordReader(): RecordReader {
  const header: number[] = []
  let isTls = false
  let left = 0
  let previous: number | undefined

  /** TLS 1.3 disguises the end of the handshake as application data; it alone follows a change of ciphers directly. */
  const counts = (type: number | undefined): boolean => type === APPLICATION_DATA && previous !== CHANGE_CIPHER_SPEC

  const tlsEnds = (chunk: Buffer): number[] => {
    const ends: number[] = []
    for (let at = 0; at < chunk.length;) {
      if (header.length < HEADER_BYTES) {
        header.push(chunk[at++] ?? 0)
        if (header.length === HEADER_BYTES) left = (header[3] ?? 0) * 256 + (header[4] ?? 0)
      } else {
        const taken = Math.min(left, chunk.length - at)
        at += taken
        left -= taken
      }
      if (header.length < HEADER_BYTES || left > 0) continue
      if (counts(header[0])) ends.push(at)
      previous = header[0]
      header.length = 0
    }
    return ends
  }

  return {
    ends(chunk) {
      // No command begins with this byte.
      isTls ||= chunk[0] === HANDSHAKE
      if (isTls) return tlsEnds(chunk)
      return chunk.length === 0 ? [] : [chunk.length]
    }
  }
}

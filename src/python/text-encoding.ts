// From the bytes of a requirements file to its text, by the rules by which pip finds the encoding. Pure.

/** The bytes are no text that is understood; `message` continues a sentence that begins with the file's name. */
export class EncodingError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EncodingError'
  }
}

/** Python's names of the encodings that are read here, in lower case and with `-` for `_`. */
const UTF_8 = ['utf-8', 'utf8', 'u8', 'utf', 'utf-8-sig', 'cp65001']
const ASCII = ['ascii', 'us-ascii', '646']
const LATIN_1 = ['latin-1', 'latin1', 'iso-8859-1', 'iso8859-1', 'iso-8859-1-1987', '8859', 'cp819', 'latin', 'l1']

/**
 * Decodes as pip's `auto_decode` does: by a byte-order mark, else by a `coding` comment in the first two lines, else as
 * UTF-8; throws `EncodingError`.
 *
 * A byte-order mark stays as U+FEFF. That of UTF-32 is looked for first, because in little-endian order it begins with
 * that of UTF-16; older pips do it the other way round, and refuse what comes out.
 */
export function decodeText(bytes: Uint8Array): string {
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return decodeAs('utf-8', bytes)
  if (startsWith(bytes, 0xff, 0xfe, 0, 0)) return decodeUtf32(bytes, true)
  if (startsWith(bytes, 0, 0, 0xfe, 0xff)) return decodeUtf32(bytes, false)
  if (startsWith(bytes, 0xff, 0xfe)) return decodeAs('utf-16le', bytes)
  if (startsWith(bytes, 0xfe, 0xff)) return decodeAs('utf-16be', bytes)
  const coding = codingOf(bytes)
  if (coding === undefined) return decodeAs('utf-8', bytes)
  const known = coding.toLowerCase().replaceAll('_', '-')
  if (UTF_8.includes(known)) return decodeAs('utf-8', bytes)
  if (LATIN_1.includes(known)) return latin1(bytes)
  if (!ASCII.includes(known))
    throw new EncodingError(`is written in the encoding "${coding.slice(0, 40)}", which is not read here`)
  if (bytes.some(byte => byte > 0x7f)) throw new EncodingError('says that it is ASCII, and it is not')
  return latin1(bytes)
}

function startsWith(bytes: Uint8Array, ...mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte)
}

function decodeAs(encoding: 'utf-8' | 'utf-16le' | 'utf-16be', bytes: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new EncodingError(`is not valid ${encoding.slice(0, 6).toUpperCase()}`, { cause: error })
  }
}

function decodeUtf32(bytes: Uint8Array, isLittleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 4) {
    const point = at + 4 <= bytes.length ? view.getUint32(at, isLittleEndian) : Number.POSITIVE_INFINITY
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) throw new EncodingError('is not valid UTF-32')
    parts.push(String.fromCodePoint(point))
  }
  return parts.join('')
}

/** The encoding that a comment in one of the first two lines names (PEP 263). */
function codingOf(bytes: Uint8Array): string | undefined {
  const first = bytes.indexOf(0x0a)
  const second = first < 0 ? -1 : bytes.indexOf(0x0a, first + 1)
  const lines = latin1(second < 0 ? bytes : bytes.subarray(0, second)).split('\n')
  for (const line of lines) {
    const coding = line.startsWith('#') ? /coding[:=]\s*([-\w.]+)/.exec(line)?.[1] : undefined
    if (coding !== undefined) return coding
  }
  return undefined
}

/** Each byte as the character of its number. */
function latin1(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 4096) parts.push(String.fromCharCode(...bytes.subarray(at, at + 4096)))
  return parts.join('')
}

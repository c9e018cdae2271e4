import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText, EncodingError } from '../../../src/python/text-encoding.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

describe('decodeText', () => {
  it.each([
    ['UTF-8', '\xef\xbb\xbfa\xc3\xa9', '\uFEFFaé'],
    ['UTF-16 in little-endian order', '\xff\xfea\0\xe9\0', '\uFEFFaé'],
    ['UTF-16 in big-endian order', '\xfe\xff\0a\0\xe9', '\uFEFFaé'],
    ['UTF-32 in big-endian order', '\0\0\xfe\xff\0\0\0a\0\x01\xf6\x00', '\uFEFFa😀'],
    ['UTF-32 in little-endian order', '\xff\xfe\0\0a\0\0\0\x00\xf6\x01\0', '\uFEFFa😀']
  ])('goes by the mark of %s', (_, written, text) => {
    expect(decodeText(bytes(written))).toBe(text)
  })

  it.each([
    ['# -*- coding: latin-1 -*-\n\xe9', 'é'],
    ['\n# vim: set fileencoding=ISO_8859_1 :\n\xe9', 'é'],
    ['# coding: utf-8\n\xc3\xa9', 'é'],
    ['# coding=US-ASCII\ne', 'e'],
    ['\n\n# coding: latin-1\n\xc3\xa9', 'é'],
    [' # coding: latin-1\n\xc3\xa9', 'é'],
    ['\xef\xbb\xbf# coding: latin-1\n\xc3\xa9', 'é']
  ])('goes by a comment at the start of one of the first two lines: %j', (written, end) => {
    expect(decodeText(bytes(written)).slice(-1)).toBe(end)
  })

  it.each([
    ['\xe9', 'is not valid UTF-8'],
    ['\xff\xfe\x00\xd8', 'is not valid UTF-16'],
    ['\xfe\xff\0', 'is not valid UTF-16'],
    ['\0\0\xfe\xff\0\0\0', 'is not valid UTF-32'],
    ['\0\0\xfe\xff\0\0\xd8\0', 'is not valid UTF-32'],
    ['\0\0\xfe\xff\xff\0\0\0', 'is not valid UTF-32'],
    ['# coding: ascii\n\xe9', 'says that it is ASCII, and it is not'],
    ['# coding: cp1252\n', 'is written in the encoding "cp1252", which is not read here']
  ])('says what is wrong with %j', (written, message) => {
    expect(() => decodeText(bytes(written))).toThrow(new EncodingError(message))
  })

  it('reads any text that was written as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        fc.pre(!text.startsWith('\0\0') && !/^(?:#|[^\n]*\n#)/.test(text))
        expect(decodeText(Buffer.from(text))).toBe(text)
      })
    )
  })

  it('reads long texts in pieces', () => {
    const text = `# coding: latin-1\n${'é'.repeat(100_000)}`
    expect(decodeText(bytes(text))).toBe(text)
  })
})

// What the replies to a login in one flight mean: those of each server, whole, with one missing, with one too many.
import { describe, expect, it } from 'vitest'
import { judgeFlight } from '../../../src/ftp/login.ts'

describe('the replies to a login in one flight', () => {
  const SERVERS: Readonly<Record<string, readonly number[]>> = {
    'IIS, vsftpd, ProFTPD': [331, 230, 211, 200, 200, 200, 200],
    'Pure-FTPd': [331, 230, 211, 200, 504, 200, 200],
    pyftpdlib: [331, 230, 211, 200, 501, 200, 200],
    'without TLS': [331, 230, 211, 200, 200]
  }
  const asReplies = (codes: readonly number[]): { code: number; text: string }[] =>
    codes.map(code => ({ code, text: `${code} words` }))

  it.each(Object.entries(SERVERS))('are those of a login: %s', (_, codes) => {
    expect(judgeFlight(asReplies(codes)).kind).toBe('in')
  })

  it.each(Object.entries(SERVERS))('are odd where any one of them is missing: %s', (_, codes) => {
    const kinds = codes.map((__, missing) => {
      const rest = asReplies(codes.filter((___, index) => index !== missing))
      return judgeFlight([...rest, undefined]).kind
    })
    expect(new Set(kinds)).toEqual(new Set(['odd']))
  })

  it.each(Object.entries(SERVERS))('are odd where any one of them stands twice: %s', (_, codes) => {
    const twice = (place: number): readonly number[] =>
      codes.flatMap((code, index) => (index === place ? [code, code] : [code]))
    // Between equal neighbours nobody could tell, but for the one that is left over.
    const kinds = codes.map((__, place) => {
      const shifted = twice(place).slice(0, codes.length)
      return String(shifted) === String(codes) ? 'odd' : judgeFlight(asReplies(shifted)).kind
    })
    expect(new Set(kinds)).toEqual(new Set(['odd']))
  })

  it.each([
    [[530, 230, 211, 200, 200], 'odd'],
    [[530, 503, 530, 530, 530], 'refused'],
    [[331, 530, 211, 530, 530], 'refused'],
    [[331, 500, 211, 200, 200], 'odd'],
    [[331, 331, 211, 200, 200], 'odd'],
    [[220, 331, 230, 211, 200], 'odd'],
    [[230, 530, 211, 200, 200], 'odd'],
    [[331, 230, 530, 530, 530], 'odd']
  ])('are those of a refusal only where that stands in its place: %j', (codes, expected) => {
    expect(judgeFlight(asReplies(codes)).kind).toBe(expected)
  })
})

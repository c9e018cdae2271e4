// Replies in pieces: wherever the pieces are cut, the same replies come out.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { replyReader, type Reply } from '../../../src/ftp/replies.ts'

/** Reads a stream that is cut at the given places. */
function readCut(stream: string, cuts: readonly number[]): readonly Reply[] {
  const reader = replyReader()
  const places = [0, ...[...cuts].sort((a, b) => a - b), stream.length]
  return places.slice(1).flatMap((place, index) => reader.read(stream.slice(places[index], place)))
}

const code = fc.integer({ min: 100, max: 659 })
const words = fc.stringMatching(/^[ -~é€]{0,20}$/)

/** A reply as it is sent, and as it has to be read. */
const reply = fc.oneof(
  fc.tuple(code, words).map(([number, text]) => ({ number, lines: [`${number} ${text}`] })),
  fc
    .tuple(code, words, fc.array(fc.oneof(words, code.map(String)), { maxLength: 4 }))
    .map(([number, text, between]) => ({
      number,
      // A line that begins with the code and a blank would be the last one.
      lines: [`${number}-${text}`, ...between.map(line => `-${line}`), `${number} ${text}`]
    }))
)

describe('a stream of replies', () => {
  it('gives the same replies wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(reply, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.boolean(),
        (all, at, crlf) => {
          const end = crlf ? '\r\n' : '\n'
          const stream = all.flatMap(({ lines }) => lines.map(line => line + end)).join('')
          const expected = all.map(({ number, lines }) => ({ code: number, text: lines.join('\n') }))
          const cuts = at.map(place => place % (stream.length + 1))
          expect(readCut(stream, cuts)).toEqual(expected)
        }
      )
    )
  })

  // What basic-ftp's own reading gets wrong at ten places, because it takes an unfinished line for a whole one.
  it('gives four replies at each of its places to cut it in two', () => {
    const stream =
      '250 DELE command successful.\r\n550 a 250 b: No such file or directory\r\n250 RMD ok.\r\n257 "/" is current directory.\r\n'
    const codes = Array.from({ length: stream.length + 1 }, (_, cut) => readCut(stream, [cut]).map(one => one.code))
    expect(codes.length).toBeGreaterThan(100)
    expect(new Set(codes.map(one => one.join(' ')))).toEqual(new Set(['250 550 250 257']))
  })

  it('gives nothing for a line that is not finished, however much it looks like a reply', () => {
    const reader = replyReader()
    expect(reader.read('250 done')).toEqual([])
    expect(reader.rest).toBe('250 done')
    expect(reader.read('\r')).toEqual([])
    expect(reader.read('\n')).toEqual([{ code: 250, text: '250 done' }])
    expect(reader.rest).toBe('')
  })

  it('takes a code alone for a reply, and skips blank lines between replies', () => {
    expect(readCut('250\r\n\r\n\r\n226 \r\n', [])).toEqual([
      { code: 250, text: '250' },
      { code: 226, text: '226 ' }
    ])
  })

  it('ends a reply of several lines only with its own code', () => {
    const text = ['211-Features:', ' 211 not yet', '220 nor now', '211-nor yet', '', '211 End']
    expect(readCut(`${text.join('\r\n')}\r\n`, [])).toEqual([{ code: 211, text: text.join('\n') }])
  })

  it.each(['HTTP/1.1 400 Bad Request', 'SSH-2.0-OpenSSH_9.2', '25 0', '2500 x', '-', 'é'])(
    'refuses what is no reply: %j',
    line => {
      expect(() => readCut(`220 hello\r\n${line}\r\n`, [])).toThrow(/no reply begins like this/)
    }
  )

  it('does not wait for the end of a line, or of a reply, that is longer than any', () => {
    const chunk = 'x'.repeat(1024 * 1024)
    const line = replyReader()
    expect(() => {
      for (let piece = 0; piece < 20; piece++) line.read(chunk)
    }).toThrow(/too long/)
    const lines = replyReader()
    lines.read('211-\r\n')
    expect(() => {
      for (let piece = 0; piece < 20; piece++) lines.read(`${chunk}\r\n`)
    }).toThrow(/too long/)
  })
})

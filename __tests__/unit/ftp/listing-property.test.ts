import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseListing } from '../../../src/ftp/listing.ts'
import { dosLine, unixLine, type ListedEntry } from '../../../tools/local-appservice/listing-format.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const HOUR_MS = 3_600_000

// Anything that a file system takes and a line can hold.
const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .filter(text => !/[/\0\r\n\uFFFD]/.test(text) && !['.', '..'].includes(text) && text.trim() !== '')

const entry: fc.Arbitrary<ListedEntry> = fc.record({
  name,
  kind: fc.constantFrom('file', 'directory', 'link'),
  size: fc.nat(2 ** 31),
  modified: fc.integer({ min: 0, max: 4000 }).map(hours => new Date(NOW.getTime() - hours * HOUR_MS)),
  target: fc.constantFrom('lib', '/antenv', 'a b')
})

/** Only a link has its target behind its name, in the UNIX style. */
const isClear = ({ kind, name: text }: ListedEntry): boolean => kind !== 'link' || !` ${text} `.includes(' -> ')

const mlsdLine = ({ name: text, kind, size, modified }: ListedEntry): string => {
  const type = { file: 'file', directory: 'dir', link: 'OS.unix=symlink' }[kind]
  const time = modified.toISOString().replace(/\D/g, '').slice(0, 14)
  return `type=${type};size=${size};modify=${time};UNIX.mode=0755; ${text}`
}

describe('what a server prints is what is read', () => {
  it.each<[string, (entry: ListedEntry) => string]>([
    ['DOS', dosLine],
    ['UNIX', one => unixLine(one, NOW)],
    ['MLSD', mlsdLine]
  ])('in the %s style', (style, print) => {
    fc.assert(
      fc.property(fc.array(entry.filter(isClear), { maxLength: 5 }), entries => {
        const read = parseListing(entries.map(one => `${print(one)}\r\n`).join(''), NOW)
        expect(read).toEqual(
          entries.map(({ name: text, kind, size, modified, target }) => ({
            name: text,
            kind,
            size: kind === 'file' ? size : 0,
            modified,
            ...(kind === 'link' && style === 'UNIX' ? { target } : {})
          }))
        )
      }),
      { numRuns: 300 }
    )
  })

  it('and a listing never loses a line, whatever it is', () => {
    const junk = fc.string({ unit: 'binary', minLength: 1 }).filter(text => !/[\r\n]/.test(text) && text.trim() !== '')
    fc.assert(
      fc.property(junk, fc.nat(2), (line, place) => {
        const lines = ['type=file;size=1; a', 'type=file;size=1; b']
        lines.splice(place, 0, line)
        const listed = parseListing(lines.join('\r\n'), NOW)
        expect(listed.filter(({ kind }) => kind === 'file').map(({ name: text }) => text)).toEqual(
          expect.arrayContaining(['a', 'b'])
        )
        expect(listed.length >= 3 || /^total \d+$/i.test(line) || /[ ;]\.{1,2}$/.test(line)).toBe(true)
      }),
      { numRuns: 500 }
    )
  })
})

// The corpus of requirements files: a package of many, what is expected of each, and how they are read.
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Asked, ReadText } from '../../../src/python/requirements.ts'
import { decodeText } from '../../../src/python/text-encoding.ts'

/** What is expected of one file. */
export interface Expected {
  /** `name line`, or `name file line` where another file states it. */
  readonly asked: readonly string[]
  /** A part of each gap. */
  readonly gaps?: readonly string[]
  /** Why pip need not agree; left out: it has to. */
  readonly pip?: string
}

/** The top of the package that the corpus is. */
export const CORPUS = fileURLToPath(new URL('../../fixtures/requirements/files/', import.meta.url))

const { files, fingerprints } = JSON.parse(
  readFileSync(new URL('../../fixtures/requirements/expected.json', import.meta.url), 'utf8')
) as { readonly files: Readonly<Record<string, Expected>>; readonly fingerprints: readonly (readonly string[])[] }

/** What is expected, by file. */
export const EXPECTED = Object.entries(files)

/** Files with the same fingerprint, which no other group has. */
export const GROUPS = fingerprints

/** Reads a file of the corpus as the package reader is meant to. */
export const readCorpus: ReadText = async path => {
  const bytes = await readFile(CORPUS + path).catch(() => undefined)
  return bytes && decodeText(bytes)
}

/** A package that consists of these texts. */
export function packageOf(texts: Readonly<Record<string, string>>): ReadText {
  return path => Promise.resolve(Object.hasOwn(texts, path) ? texts[path] : undefined)
}

/** Names and places, as the table writes them. */
export function placesOf(asked: readonly Asked[], top: string): readonly string[] {
  return asked.map(({ requirement, file, line }) =>
    file === top ? `${requirement.name} ${line}` : `${requirement.name} ${file} ${line}`
  )
}

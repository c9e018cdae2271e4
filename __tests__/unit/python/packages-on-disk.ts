// A place for the packages of a file of tests: it is there from before the first of them until after the last.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { entriesOf, fillFolder, zipBytes, type Files } from './packages.ts'

export interface PackagesOnDisk {
  /** Path of something in that place; only known once the tests run. */
  readonly placeOf: (name: string) => string
  readonly folderOf: (files: Files) => Promise<string>
  readonly zipOf: (files: Files) => Promise<string>
}

/** Makes the place; to be called once, outside of tests. */
export function packagesOnDisk(): PackagesOnDisk {
  let folder = ''
  let count = 0
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packages-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const placeOf = (name: string): string => join(folder, name)
  return {
    placeOf,
    async folderOf(files) {
      const root = placeOf(`folder-${count++}`)
      await mkdir(root)
      await fillFolder(root, files)
      return root
    },
    async zipOf(files) {
      const path = placeOf(`package-${count++}.zip`)
      await writeFile(path, zipBytes(entriesOf(files)))
      return path
    }
  }
}

// Puts a scripted az into a folder of its own, to be found on the path in place of the real one.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { AzureSite, AzWorld } from './world.ts'

/** A scripted az. */
export interface ScriptedAz {
  /** The path with its folder in front. */
  readonly path: string
  /** Changes what there is in Azure. */
  change(world: Partial<AzWorld>): Promise<void>
  /** What it was called with, and as which process, since the last time that this was asked. */
  calls(): Promise<readonly { readonly pid: number; readonly args: readonly string[] }[]>
  close(): Promise<void>
}

/** Makes an az that is signed in and knows these sites. */
export async function scriptAz(sites: readonly AzureSite[]): Promise<ScriptedAz> {
  const folder = await mkdtemp(join(tmpdir(), 'az-'))
  const file = join(folder, 'world.json')
  let world: AzWorld = { signedIn: true, sites, forbidden: [], misfortunes: [] }
  const save = (): Promise<void> => writeFile(file, JSON.stringify(world))
  const command = [process.execPath, join(import.meta.dirname, 'az.ts'), file].map(part => `"${part}"`).join(' ')
  // As the real one, a script that starts the program and waits for it.
  if (process.platform === 'win32') await writeFile(join(folder, 'az.cmd'), `@echo off\r\n${command} %*\r\n`)
  else await writeFile(join(folder, 'az'), `#!/bin/sh\n${command} "$@"\nexit $?\n`, { mode: 0o755 })
  await save()
  let told = 0
  return {
    path: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
    change: changes => {
      world = { ...world, ...changes }
      return save()
    },
    async calls() {
      const lines = (await readFile(`${file}.calls`, 'utf8').catch(() => '')).split('\n').slice(told, -1)
      told += lines.length
      return lines.map(line => JSON.parse(line) as { pid: number; args: string[] })
    },
    close: () => rm(folder, { recursive: true, force: true })
  }
}

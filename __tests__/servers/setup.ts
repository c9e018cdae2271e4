// Makes the environment that every test gets a copy of, once for all of them.
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { OWNER, whyMissing } from '../../tools/servers/daemon.ts'
import { proftpd } from '../../tools/servers/proftpd.ts'
import { pureFtpd } from '../../tools/servers/pure-ftpd.ts'
import { makeRealEnvironment } from '../../tools/servers/real-environment.ts'
import { vsftpd } from '../../tools/servers/vsftpd.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the environment to copy lies, and its Python version. */
    readonly template: { readonly folder: string; readonly python: string }
  }
}

/** Provides `template`; returns what removes it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'environment-'))
  await chmod(folder, 0o755)
  const environment = join(folder, 'antenv')
  const missing = await Promise.all([vsftpd, proftpd, pureFtpd].map(whyMissing))
  // Where no server can be started, no test comes so far that it needs one.
  if (missing.includes(undefined)) {
    const python = await makeRealEnvironment(environment)
    await promisify(execFile)('chown', ['-Rh', `${OWNER.uid}:${OWNER.gid}`, environment])
    project.provide('template', { folder: environment, python })
  }
  return () => rm(folder, { recursive: true, force: true })
}

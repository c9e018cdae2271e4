// The port over FTP: one connection to look with, a few more to sweep with.
import { type MutablePath, type ReadableSite, type RemoteSite } from '../site.ts'
import { connect, type ConnectionOptions } from './connection.ts'
import { makePool, type Pool } from './pool.ts'
import { sweepTree } from './sweep.ts'
import type { FtpTarget } from './target.ts'

/** What holds for a whole site. */
export interface SiteOptions extends ConnectionOptions {
  /** The most connections that stand at once. */
  readonly connections: number
}

/** Connects and logs in; throws `SiteError`. The caller closes the site. */
export async function openSite(target: FtpTarget, options: SiteOptions): Promise<RemoteSite> {
  const pool = await openPool(target, options)
  const command = (verb: string, path: MutablePath): Promise<void> =>
    pool.use(connection => connection.command(verb, path))
  return {
    ...readingOver(pool),
    rename: (from, to) =>
      pool.use(async connection => {
        await connection.command('RNFR', from)
        await connection.command('RNTO', to)
      }),
    makeDirectory: directory => command('MKD', directory),
    removeFile: file => command('DELE', file),
    removeDirectory: directory => command('RMD', directory),
    sweep: directory => sweepTree(pool, directory)
  }
}

/** Connects for looking only: the site that it returns has no verb that could change anything. */
export async function openReadOnly(target: FtpTarget, options: SiteOptions): Promise<ReadableSite> {
  return readingOver(await openPool(target, options))
}

async function openPool(target: FtpTarget, options: SiteOptions): Promise<Pool> {
  const first = await connect(target, options)
  return makePool(first, () => connect(target, options, first.attempt), options.connections)
}

function readingOver(pool: Pool): ReadableSite {
  return {
    list: directory => pool.use(connection => connection.list(directory)),
    readText: (file, maxBytes) => pool.use(connection => connection.readText(file, maxBytes)),
    close: () => {
      pool.close()
    }
  }
}

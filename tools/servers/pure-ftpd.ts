// Pure-FTPd: its flags. It lists with MLSD, hides what begins with a dot, and has no implicit TLS and no log of its own.
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LOGIN, OWNER, type Setting, type Software } from './daemon.ts'
import { passwordHash } from './password-hash.ts'

const run = promisify(execFile)

/** Is Pure-FTPd, as Debian builds it. It cannot be told to demand that TLS sessions are taken up. */
export const pureFtpd: Software = {
  name: 'Pure-FTPd',
  program: 'usr/sbin/pure-ftpd',
  hasImplicitTls: false,
  logsCommands: false,
  firstPassivePort: 20_000,
  async configure(setting) {
    const { folder, servers, home } = setting
    const users = join(folder, 'users')
    // The empty fields are its quotas and limits. `pure-pw useradd` would choose a hash that takes seconds at each login.
    const user = [LOGIN.userName, await passwordHash(LOGIN.password), OWNER.uid, OWNER.gid, '', `${home}/./`]
    await writeFile(users, `${user.join(':')}${':'.repeat(12)}\n`, { mode: 0o600 })
    await run(join(servers, 'usr/bin/pure-pw'), ['mkdb', `${users}.pdb`, '-f', users])
    return flags(setting, `${users}.pdb`)
  }
}

function flags(setting: Setting, users: string): readonly string[] {
  const { folder, port, passivePorts, pem, mode, demandsTls, refusesRenames, maxConnections, listingLimits } = setting
  return [
    ...['-S', `127.0.0.1,${port}`],
    ...['-p', `${passivePorts.first}:${passivePorts.last}`],
    ...['-l', `puredb:${users}`],
    ...['-g', join(folder, 'pid')],
    ...['-u', String(OWNER.uid)],
    // IPv4 only, everybody in their own root, no anonymous login, no look-up of names.
    ...['-4', '-A', '-E', '-H'],
    ...(refusesRenames ? ['-G'] : []),
    ...(maxConnections === undefined ? [] : ['-C', String(maxConnections)]),
    // Its own limits are 10000 entries and a depth of 5: deeper folders are left out of recursive listings, with no word.
    ...(listingLimits ? ['-L', `${listingLimits.entries}:${listingLimits.depth}`] : []),
    ...(mode === 'plain' ? ['-Y', '0'] : ['-Y', demandsTls ? '2' : '1', '-2', pem.both])
  ]
}

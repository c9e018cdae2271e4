// The servers that are measured: those of tools/servers with room for many connections, and the local App Service.
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startLocalAppService, type LocalAppService } from '../local-appservice/index.ts'
import { LOGIN, OWNER, startServer, whyMissing, type Software } from '../servers/daemon.ts'
import { untilUnused } from '../servers/greeting.ts'
import { proftpd } from '../servers/proftpd.ts'
import { pureFtpd } from '../servers/pure-ftpd.ts'
import { vsftpd } from '../servers/vsftpd.ts'

/** Ports, both ends included. */
interface PortRange {
  readonly first: number
  readonly last: number
}

/** A running server; `stop` it. */
export interface Served {
  readonly port: number
  /** Where its data connections go; `undefined`: anywhere. */
  readonly dataPorts: PortRange | undefined
  readonly userName: string
  readonly password: string
  /** Resolves when no session is left. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** Edits the arguments and the configuration that tools/servers wrote. */
type Widening = (args: readonly string[], folder: string, ports: PortRange) => Promise<readonly string[]>

/** Lets rclone have its 80 connections and a listing its 100,000 lines, and logs nothing. */
const WIDENINGS: readonly { readonly software: Software; readonly widen: Widening }[] = [
  {
    software: vsftpd,
    widen: async (args, folder, { first, last }) => {
      const limits = ['max_clients=0', 'max_per_ip=0', `pasv_min_port=${first}`, `pasv_max_port=${last}`]
      const more = ['ls_recurse_enable=YES', 'log_ftp_protocol=NO', 'xferlog_enable=NO', ...limits]
      const file = join(folder, 'vsftpd.conf')
      // A later line counts.
      await writeFile(file, `${await readFile(file, 'utf8')}${more.join('\n')}\n`)
      return args
    }
  },
  {
    software: proftpd,
    widen: async (args, folder, { first, last }) => {
      const file = join(folder, 'proftpd.conf')
      const lines = (await readFile(file, 'utf8')).split('\n')
      const kept = lines.filter(line => !/^(LogFormat|ExtendedLog|PassivePorts) /.test(line))
      // rclone takes up no session.
      const wide = [`PassivePorts ${first} ${last}`, 'MaxInstances 200', 'TLSOptions NoSessionReuseRequired']
      await writeFile(file, [...kept, ...wide, ''].join('\n'))
      return args
    }
  },
  {
    software: pureFtpd,
    widen: (args, _folder, { first, last }) =>
      Promise.resolve([...args, '-L', '1000000:50', '-c', '200', '-C', '200', '-D', '-p', `${first}:${last}`])
  }
]

/** Enough for as many data connections as the busiest client leaves behind within a minute. */
const DATA_PORTS = 2000

/** The servers by the names that `--server` takes. */
export const SERVERS: Readonly<Record<string, (home: string, tls: boolean) => Promise<Served>>> = {
  vsftpd: daemon(vsftpd),
  proftpd: daemon(proftpd),
  'pure-ftpd': daemon(pureFtpd),
  appservice: appService(() => undefined),
  'appservice-one-at-a-time': appService(({ ftp }) => {
    ftp.pipelining = { oneAtATime: 'refuses' }
  }),
  'appservice-no-renames': appService(({ ftp }) => {
    ftp.refuseRename = () => true
  })
}

/** Makes the folders that a server serves; whatever was there stays. */
export async function makeServedHome(home: string): Promise<void> {
  for (const folder of ['.', 'site', 'site/wwwroot', 'site/.azure-python-env']) {
    await mkdir(join(home, folder), { recursive: true })
    await chown(join(home, folder), OWNER.uid, OWNER.gid)
  }
}

function daemon(software: Software): (home: string, tls: boolean) => Promise<Served> {
  return async (home, tls) => {
    const missing = await whyMissing(software)
    if (missing !== undefined) throw new Error(missing)
    const widen = WIDENINGS.find(one => one.software === software)?.widen
    const dataPorts = { first: software.firstPassivePort, last: software.firstPassivePort + DATA_PORTS - 1 }
    const wide: Software = {
      ...software,
      configure: async setting => {
        const args = await software.configure(setting)
        return widen ? widen(args, setting.folder, dataPorts) : args
      }
    }
    const server = await startServer(wide, { home, mode: tls ? 'explicit' : 'plain' })
    return { port: server.port, dataPorts, ...LOGIN, idle: () => server.idle(), stop: () => server.stop() }
  }
}

/** The local App Service, with something of it set otherwise. */
function appService(set: (app: LocalAppService) => void): (home: string, tls: boolean) => Promise<Served> {
  return async (home, tls) => {
    const app = await startLocalAppService({ home })
    app.ftp.requireTls = tls
    set(app)
    return {
      port: app.ftp.explicitPort,
      dataPorts: undefined,
      userName: app.userName,
      password: app.password,
      idle: () => untilUnused(app.ftp.explicitPort),
      stop: () => app.close()
    }
  }
}

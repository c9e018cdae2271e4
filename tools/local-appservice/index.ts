// An App Service app on localhost: a home folder, an FTP server in front of it, and the profile that leads there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'
import { startFtpServer } from './ftp-server.ts'
import type { FtpServer, FtpServerOptions } from './ftp-server.ts'
import { ftpUserName, publishProfile } from './publish-profile.ts'
import { makeHome } from './sites.ts'

/** Configures a local app; everything has a default. */
export interface LocalAppServiceOptions extends Pick<
  FtpServerOptions,
  'personality' | 'links' | 'recursiveListings' | 'maxConnections' | 'banner'
> {
  /** Name of the app; `demo-app` if left out. */
  readonly app?: string
  /** Deployment slot that the FTP user belongs to. */
  readonly slot?: string
  /** Existing or new folder for the FTP root; a fresh temporary one if left out. */
  readonly home?: string
  readonly password?: string
}

/** Says which publish profile to print. */
export interface ProfileChoice {
  readonly tls?: 'implicit' | 'explicit'
  readonly slot?: string
  /** Host of the FTP server, for instance the address of a proxy before it; `localhost` if left out. */
  readonly host?: string
}

/** Is a running local app; `close` it. */
export interface LocalAppService {
  /** The FTP root on disk. */
  readonly home: string
  /** PEM file for `NODE_EXTRA_CA_CERTS`; lies outside of the FTP root. */
  readonly caFile: string
  readonly app: string
  readonly userName: string
  readonly password: string
  readonly ftp: FtpServer
  /** Prints the app's publish profile; a slot other than the app's own gives a profile whose login fails. */
  publishProfile(options?: ProfileChoice): string
  /** Ends the server and removes the temporary folder; a `home` that was given stays. */
  close(): Promise<void>
}

/** Starts a local app on free ports. */
export async function startLocalAppService(options: LocalAppServiceOptions = {}): Promise<LocalAppService> {
  const { app = 'demo-app', slot, password = 'local-password-&<>"\'', home: givenHome, ...ftpOptions } = options
  const folder = await mkdtemp(join(tmpdir(), 'local-appservice-'))
  const home = givenHome ?? join(folder, 'home')
  const caFile = join(folder, 'ca.pem')
  const userName = ftpUserName(app, slot)
  await makeHome(home)
  const certificate = await makeCertificate()
  await writeFile(caFile, certificate.cert)
  const ftp = await startFtpServer({ ...ftpOptions, ...certificate, root: home, userName, password })
  return {
    home,
    caFile,
    app,
    userName,
    password,
    ftp,
    publishProfile({ tls = 'implicit', slot: profileSlot = slot, host = 'localhost' } = {}) {
      const { explicitPort, implicitPort } = ftp
      return publishProfile({ app, slot: profileSlot, password, host, explicitPort, implicitPort, tls })
    },
    async close() {
      await ftp.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

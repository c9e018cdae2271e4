import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { logIn, startApp } from './lab.ts'

const run = promisify(execFile)

type Node = Readonly<Record<string, string>>

function ftpNode(xml: string): Node | undefined {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', processEntities: true })
  const { publishData } = parser.parse(xml) as { publishData: { publishProfile: readonly Node[] } }
  return publishData.publishProfile.find(node => node['publishMethod'] === 'FTP')
}

describe('startLocalAppService', () => {
  it.each([{}, { slot: 'staging' }])('prints a profile whose user and password log in (%o)', async options => {
    const app = await startApp(options)
    const node = ftpNode(app.publishProfile())
    expect(node).toMatchObject({ publishUrl: `ftps://localhost:${app.ftp.implicitPort}/site/wwwroot` })
    const client = await logIn({ ...app, userName: node?.['userName'] ?? '', password: node?.['userPWD'] ?? '' })
    expect((await client.list('/site')).map(entry => entry.name)).toEqual(['deployments', 'locks', 'wwwroot'])
  })

  it('prints a profile of another slot, whose login fails', async () => {
    const app = await startApp()
    const node = ftpNode(app.publishProfile({ slot: 'staging', tls: 'explicit' }))
    expect(node).toMatchObject({ publishUrl: `ftp://localhost:${app.ftp.explicitPort}/site/wwwroot` })
    await expect(logIn({ ...app, userName: node?.['userName'] ?? '' })).rejects.toThrow('530')
  })

  it('has a certificate that a child process trusts through NODE_EXTRA_CA_CERTS', async () => {
    const app = await startApp()
    const script = `const s = require('node:tls').connect(${app.ftp.implicitPort}, 'localhost', { servername: 'localhost' },
      () => { console.log(s.authorized); s.destroy() })`
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: app.caFile }
    expect((await run(process.execPath, ['-e', script], { env })).stdout).toBe('true\n')
  })
})

import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { publishProfile } from '../../../tools/local-appservice/publish-profile.ts'

type Node = Readonly<Record<string, string>>

const OPTIONS = {
  app: 'my-app',
  password: `a&b<c>"d'`,
  host: 'localhost',
  explicitPort: 21,
  implicitPort: 990
} as const

function nodesOf(xml: string): readonly Node[] {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', processEntities: true })
  const { publishData } = parser.parse(xml) as { publishData: { publishProfile: readonly Node[] } }
  return publishData.publishProfile
}

describe('publishProfile', () => {
  it('has the four nodes of Azure, one of them a read-only trap', () => {
    const nodes = nodesOf(publishProfile({ ...OPTIONS, tls: 'implicit' }))
    expect(nodes.map(node => [node['profileName'], node['publishMethod'], node['userName']])).toEqual([
      ['my-app - Web Deploy', 'MSDeploy', '$my-app'],
      ['my-app - FTP', 'FTP', 'my-app\\$my-app'],
      ['my-app - ReadOnly - FTP', 'FTP', 'my-app\\$my-app'],
      ['my-app - Zip Deploy', 'ZipDeploy', '$my-app']
    ])
    expect(nodes[1]?.['userPWD']).toBe(OPTIONS.password)
  })

  it.each([
    ['implicit', 'ftps://localhost:990/site/wwwroot'],
    ['explicit', 'ftp://localhost:21/site/wwwroot']
  ] as const)('names the %s port', (tls, url) => {
    expect(nodesOf(publishProfile({ ...OPTIONS, tls }))[1]?.['publishUrl']).toBe(url)
  })

  it('joins app and slot by two underscores in user names', () => {
    const nodes = nodesOf(publishProfile({ ...OPTIONS, slot: 'staging', tls: 'implicit' }))
    expect(nodes[0]).toMatchObject({ msdeploySite: 'my-app__staging', userName: '$my-app__staging' })
    expect(nodes[1]).toMatchObject({ userName: 'my-app__staging\\$my-app__staging' })
  })
})

// What a server says before TLS stands: the greeting, the answer to AUTH, and nothing else.
import { describe, expect, it } from 'vitest'
import { connect } from '../../../src/ftp/connection.ts'
import { nothingLearned } from '../../../src/ftp/learned.ts'
import { patient, startScripted, targetOf, verbs, welcoming } from './scripted-server.ts'

const OPTIONS = { timeoutMs: 5000, signal: new AbortController().signal, trace: () => undefined }

describe('what comes before TLS', () => {
  it('and should have come under it, is not believed, and no name is sent', async () => {
    const server = await startScripted(welcoming({ AUTH: '234 Go on\r\n331 Password required' }))
    const learned = nothingLearned()
    await expect(connect(targetOf(server, 'explicit'), OPTIONS, learned)).rejects.toMatchObject({
      kind: 'tls',
      message: expect.stringContaining('in the clear') as unknown
    })
    expect(server.peers.map(verbs)).toEqual(['AUTH'])
  })

  it('as the beginning of a reply, is no part of what comes under it', async () => {
    const server = await startScripted(patient(welcoming({ AUTH: '234 Go on\r\n23…' }), 'PROT'))
    const learned = nothingLearned()
    const connection = await connect(targetOf(server, 'explicit'), OPTIONS, learned)
    connection.close()
    expect(server.peers.map(verbs)).toEqual(['AUTH USER PASS FEAT TYPE OPTS PBSZ PROT'])
    expect(learned.pipelining).toBe('allowed')
  })

  it('is the greeting, and one of another protocol is an error at once', async () => {
    for (const [greeting, message] of [
      ['SSH-2.0-OpenSSH_9.2', /An SSH server answers there/],
      ['HTTP/1.1 400 Bad Request', /no reply begins like this/]
    ] as const) {
      const server = await startScripted(welcoming(), greeting)
      await expect(connect(targetOf(server), { ...OPTIONS, timeoutMs: 600_000 }, nothingLearned())).rejects.toThrow(
        message
      )
    }
  })
})

// The socket over which git gets the password: whom it answers, and whom not.
import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { offerPassword, type GitLogin, type PasswordOffer } from '../../../src/reset/git-password.ts'
import { ToggleError } from '../../../src/reset/toggle-version.ts'

const LOGIN: GitLogin = {
  url: 'https://my-app.scm.example/my-app.git',
  userName: '$my-app',
  password: `a'b"c$(d)ü %41`
}
const ANSWER = `username=${LOGIN.userName}\npassword=${LOGIN.password}\n`
const QUESTION = 'protocol=https\nhost=my-app.scm.example\n'

async function offer(): Promise<PasswordOffer & { readonly path: string; readonly token: string }> {
  const made = await offerPassword(LOGIN)
  onTestFinished(made.close)
  return { ...made, path: made.env['AZURE_PYTHON_ENV_SOCKET'] ?? '', token: made.env['AZURE_PYTHON_ENV_TOKEN'] ?? '' }
}

/** What is answered to a question. */
async function ask(path: string, question: string): Promise<string> {
  const socket = connect(path)
  socket.write(question)
  return text(socket)
}

describe('the password', () => {
  it('is told to whoever knows the token and asks for this very host, as often as it is asked', async () => {
    const { path, token } = await offer()
    const question = `${token}\ncapability[]=authtype\n${QUESTION}path=my-app.git\n\n`
    for (const again of [question, question.replace('.example\n', '.example:443\n')]) {
      expect(await ask(path, again)).toBe(ANSWER)
    }
  })

  it.each([
    ['another host', (token: string) => `${token}\nprotocol=https\nhost=elsewhere.example\n\n`],
    ['another port', (token: string) => `${token}\nprotocol=https\nhost=my-app.scm.example:8443\n\n`],
    ['another scheme', (token: string) => `${token}\nprotocol=http\nhost=my-app.scm.example\n\n`],
    ['no host', (token: string) => `${token}\nprotocol=https\n\n`],
    ['nothing', (token: string) => `${token}\n\n`],
    ['a host without the token', () => `${QUESTION}\n`],
    ['a host with another token', () => `${'0'.repeat(32)}\n${QUESTION}\n`]
  ])('is not told to who asks for %s', async (_, question) => {
    const { path, token } = await offer()
    expect(await ask(path, question(token))).toBe('')
  })

  it('is told to who asks for too much by no answer', async () => {
    const { path, token } = await offer()
    const answer = ask(path, `${token}\n${'x'.repeat(1_000_000)}`).catch(() => '')
    expect(await answer).toBe('')
  })

  it.skipIf(process.platform === 'win32')(
    'lies in a folder that only this user can enter, and that goes again',
    async () => {
      const { env, close } = await offerPassword(LOGIN)
      const path = env['AZURE_PYTHON_ENV_SOCKET'] ?? ''
      expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
      await close()
      expect(existsSync(dirname(path))).toBe(false)
    }
  )

  it('reaches git itself through its own settings, and nothing that git is given holds it', async () => {
    const { config, env } = await offer()
    const settings = config.flatMap(([name, value], at) => [
      [`GIT_CONFIG_KEY_${at}`, name] as const,
      [`GIT_CONFIG_VALUE_${at}`, value] as const
    ])
    const all = { ...Object.fromEntries(settings), GIT_CONFIG_COUNT: String(config.length), ...env }
    expect(JSON.stringify(all)).not.toContain('(d)')
    const git = promisify(execFile)('git', ['credential', 'fill'], {
      env: { ...process.env, ...all, GIT_TERMINAL_PROMPT: '0' }
    })
    git.child.stdin?.end(`${QUESTION}\n`)
    expect((await git).stdout).toContain(ANSWER)
  })

  it('may not hold what would be a line of its own', async () => {
    for (const login of [
      { ...LOGIN, password: 'a\nb' },
      { ...LOGIN, userName: 'a\r' }
    ]) {
      await expect(offerPassword(login)).rejects.toThrow(ToggleError)
    }
  })
})

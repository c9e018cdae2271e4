// How the password reaches git: over a socket that only this user can open, to a program that git itself starts and asks.
// It stands in no argument, address, setting, file or environment variable.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GitSetting } from './git.ts'
import { ToggleError } from './toggle-version.ts'

/** Who logs in where. */
export interface GitLogin {
  /** `https://HOST/APP.git`, without credentials. */
  readonly url: string
  readonly userName: string
  readonly password: string
}

/** What git has to be run with so that it can ask. */
export interface PasswordOffer {
  readonly config: readonly GitSetting[]
  readonly env: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

/** What git's helper protocol asks for is a few lines (gitcredentials(7)). */
const MAX_QUESTION_LENGTH = 65_536

/** A Unix socket's path has room for about a hundred bytes. */
const MAX_FOLDER_LENGTH = 60

/**
 * Asks this process, and hands its answer to git.
 *
 * Git's question has no end of its own but that of the stream; named pipes of Windows cannot be closed half, hence the
 * empty line. Without single quotes, because it stands in some.
 */
const HELPER = [
  'if(process.argv[1]==="get"){',
  'let q=process.env.AZURE_PYTHON_ENV_TOKEN+"\\n";',
  'process.stdin.on("data",d=>q+=d).on("end",()=>{',
  'const s=require("node:net").connect(process.env.AZURE_PYTHON_ENV_SOCKET,()=>s.write(q+"\\n\\n"));',
  's.on("error",()=>{}).pipe(process.stdout)})}'
].join('')

/** Begins to answer git's question for one address, until closed. Throws `ToggleError` for a login that git cannot take. */
export async function offerPassword(login: GitLogin): Promise<PasswordOffer> {
  if (/[\r\n\0]/.test(login.userName + login.password)) {
    throw new ToggleError('The user name or the password for the push holds a line break, which no login can have')
  }
  const folder = await mkdtemp(join(tmpdir().length > MAX_FOLDER_LENGTH ? '/tmp' : tmpdir(), 'ape-'))
  const token = randomBytes(16).toString('hex')
  const name = randomBytes(16).toString('hex')
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(folder, 'git')
  const sockets = new Set<Socket>()
  // Half-open: what asks has said all when it waits for the answer.
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    answer(socket, token, login)
  })
  try {
    await listen(server, path)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    config: configFor(login.url),
    env: { AZURE_PYTHON_ENV_SOCKET: path, AZURE_PYTHON_ENV_TOKEN: token },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, resolve)
  })
}

function answer(socket: Socket, token: string, { url, userName, password }: GitLogin): void {
  let question = ''
  // Whoever hangs up gets no answer.
  socket.on('error', () => undefined)
  socket.setEncoding('utf8').on('data', (text: string) => {
    question += text
    if (question.length > MAX_QUESTION_LENGTH) socket.destroy()
    if (!question.includes('\n\n')) return
    const isFromGit = question.startsWith(`${token}\n`) && asksFor(question, url)
    socket.end(isFromGit ? `username=${userName}\npassword=${password}\n` : '')
  })
}

/** A redirect, or a setting that rewrites addresses, would make git ask for another host. */
function asksFor(question: string, url: string): boolean {
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(question)?.[1] ?? ''
  const asked = `${value('protocol')}://${value('host')}`
  return URL.canParse(asked) && new URL(asked).origin === new URL(url).origin
}

/**
 * The settings for one address. The list of helpers is emptied before, so that none of the user's is asked, or told.
 *
 * The whole address wins over settings for its host, and an address that stands for itself is not rewritten.
 */
function configFor(url: string): readonly GitSetting[] {
  const { origin } = new URL(url)
  // git hands it to a shell, also on Windows, where that is its own.
  const node = process.execPath.replaceAll('\\', '/').replaceAll("'", "'\\''")
  return [
    [`credential.${origin}.helper`, ''],
    [`credential.${origin}.helper`, `!'${node}' -e '${HELPER}'`],
    [`http.${url}.extraHeader`, ''],
    [`http.${url}.followRedirects`, 'false'],
    [`http.${url}.sslVerify`, 'true'],
    [`url.${url}.insteadOf`, url],
    [`url.${url}.pushInsteadOf`, url]
  ]
}

// A git server on localhost as Kudu is one: HTTPS, basic authentication, a bare repository whose hook deploys. What git says
// is said by `git http-backend`.
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeCertificate } from '../local-appservice/certificate.ts'
import { placesIn, readTranscript, writeBehaviour, type Behaviour, type Transcribed } from './behaviour.ts'

const run = promisify(execFile)

/** Who may push. */
export interface Credentials {
  readonly userName: string
  readonly password: string
}

/** What the server itself does to a request, before or after git sees it. */
export interface Interference {
  /** A status that is answered instead, for requests of this kind. */
  readonly refuse?: { readonly status: number; readonly path: RegExp; readonly times: number }
  /** The connection of a push is cut as soon as the deployment has said this; the deployment goes on. */
  readonly cutAfter?: string
  /** From then on no request is answered. */
  readonly goneAfterCut?: boolean
}

/** A server that runs. */
export interface GitServer {
  /** Of the repository, without credentials. */
  readonly url: string
  /** PEM file of the authority that git has to trust. */
  readonly caFile: string
  /** The bare repository. */
  readonly repository: string
  readonly wwwroot: string
  /** All that the hook has seen of other processes. */
  readonly samples: string
  /** Method and path of each request, with the status of its answer. */
  readonly requests: readonly string[]
  behave(changes: Partial<Behaviour>): Promise<void>
  interfere(interference: Interference): void
  /** Lets held deployments go on. */
  release(): Promise<void>
  deployments(): readonly Transcribed[]
  /** The commit of a branch; `undefined`: there is none. */
  branch(name?: string): Promise<string | undefined>
  /** Waits until no deployment is under way. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Starts a server with an empty repository `app.git`. */
export async function startGitServer(credentials: Credentials): Promise<GitServer> {
  const folder = await mkdtemp(join(tmpdir(), 'git-server-'))
  const repository = join(folder, 'app.git')
  const places = placesIn(folder)
  const wwwroot = join(places.home, 'site', 'wwwroot')
  for (const name of ['wwwroot', 'locks', 'deployments']) {
    await mkdir(join(places.home, 'site', name), { recursive: true })
  }
  await writeBehaviour(folder, {})
  await makeRepository(repository, folder)
  const { key, cert } = await makeCertificate()
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, cert)
  const reception = openReception(folder, credentials)
  const { running, requests } = reception
  const server = createServer({ key, cert }, reception.receive)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://localhost:${port}/app.git`,
    caFile,
    repository,
    wwwroot,
    samples: places.samples,
    requests,
    behave: changes => writeBehaviour(folder, changes),
    interfere: reception.interfere,
    release: () => writeFile(places.released, ''),
    deployments: () => readTranscript(folder),
    branch: name => commitOf(repository, name ?? 'master'),
    async idle() {
      while (running.size > 0) await Promise.all(running)
    },
    async close() {
      await writeFile(places.released, '')
      await Promise.all(running)
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await rm(folder, { recursive: true })
    }
  }
}

async function commitOf(repository: string, branch: string): Promise<string | undefined> {
  const args = ['--git-dir', repository, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]
  const found = await run('git', args).catch(() => undefined)
  return found?.stdout.trim()
}

interface Reception {
  readonly receive: (request: IncomingMessage, response: ServerResponse) => void
  readonly interfere: (interference: Interference) => void
  readonly requests: readonly string[]
  /** Pushes whose deployment is under way. */
  readonly running: ReadonlySet<Promise<void>>
}

/** Decides who is let in, and to what. */
function openReception(folder: string, credentials: Credentials): Reception {
  const requests: string[] = []
  const running = new Set<Promise<void>>()
  let interference: Interference = {}
  let refused = 0
  let isGone = false
  const letIn = (request: IncomingMessage, response: ServerResponse): void => {
    const { cutAfter, goneAfterCut = false } = interference
    const work = serve(request, response, folder, said => {
      const isTime = cutAfter !== undefined && said.includes(cutAfter)
      isGone ||= isTime && goneAfterCut
      return isTime
    })
    if (!isPush(request)) return
    running.add(work)
    void work.finally(() => running.delete(work))
  }
  return {
    requests,
    running,
    interfere: changes => {
      interference = changes
      refused = 0
      isGone = false
    },
    receive: (request, response) => {
      response.on('close', () => requests.push(`${request.method ?? ''} ${request.url ?? ''} ${response.statusCode}`))
      const { refuse } = interference
      if (isGone) {
        request.socket.destroy()
      } else if (!isAllowed(request, credentials)) {
        end(response.setHeader('WWW-Authenticate', 'Basic realm="site"'), 401)
      } else if (refuse && refused < refuse.times && refuse.path.test(request.url ?? '')) {
        refused += 1
        end(response, refuse.status)
      } else if (isPush(request) && running.size > 0) {
        end(response, 409)
      } else {
        letIn(request, response)
      }
    }
  }
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.end()
}

async function makeRepository(repository: string, folder: string): Promise<void> {
  await run('git', ['init', '--quiet', '--bare', '--template=', repository])
  await mkdir(join(repository, 'hooks'))
  const script = join(import.meta.dirname, 'post-receive.ts')
  const hook = async (name: string, command: string): Promise<void> =>
    writeFile(join(repository, 'hooks', name), `#!/bin/sh\n${command}\n`, { mode: 0o755 })
  await hook('post-receive', `exec "${process.execPath}" "${script}" "${folder}" </dev/null`)
  const { behaviour } = placesIn(folder)
  const isBack = 'read old new ref; ! git merge-base --is-ancestor "$old" "$new" 2>/dev/null'
  const rejections = [
    `if grep -q '"rejects":true' "${behaviour}"; then exit 1; fi`,
    `if grep -q '"rejectsBack":true' "${behaviour}" && { ${isBack}; }; then exit 1; fi`
  ]
  await hook('pre-receive', rejections.join('\n'))
}

function isAllowed({ headers }: IncomingMessage, { userName, password }: Credentials): boolean {
  const expected = Buffer.from(`${userName}:${password}`).toString('base64')
  return headers.authorization === `Basic ${expected}`
}

function isPush({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && /\/git-receive-pack$/.test(url ?? '')
}

/** Hands a request to git as RFC 3875 describes it, and what git says to the response. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  isCutAfter: (said: Buffer) => boolean
): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const header = (name: string): string => String(request.headers[name] ?? '')
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      REMOTE_USER: 'pusher',
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol')
    },
    stdio: ['pipe', 'pipe', 'ignore']
  })
  // A client that is gone, or a backend that has heard enough.
  backend.stdin.on('error', () => undefined)
  request.on('error', () => undefined).pipe(backend.stdin)
  let head: string | undefined = ''
  backend.stdout.on('data', (data: Buffer) => {
    let body = data
    if (head !== undefined) {
      head += data.toString('latin1')
      const at = head.indexOf('\r\n\r\n')
      if (at === -1) return
      body = Buffer.from(head.slice(at + 4), 'latin1')
      answerHead(response, head.slice(0, at))
      head = undefined
    }
    if (!response.destroyed) response.write(body)
    if (isCutAfter(body)) request.socket.destroy()
  })
  await new Promise(resolve => backend.once('close', resolve))
  response.end()
}

function answerHead(response: ServerResponse, head: string): void {
  for (const line of head.split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? []
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10)
    else if (name !== '') response.setHeader(name, value)
  }
}

// A server that lets one connection work and no other: the one that lists has to delete as well.
import { expect, it } from 'vitest'
import { openAccount } from '../../../src/ftp/account.ts'
import type { Connection } from '../../../src/ftp/connection.ts'
import type { OnReply } from '../../../src/ftp/control.ts'
import { noListingsLearned } from '../../../src/ftp/learned.ts'
import { makePool } from '../../../src/ftp/pool.ts'
import { sweepTree } from '../../../src/ftp/sweep.ts'
import { SiteError, mutable, remotePath, type Sweep } from '../../../src/site.ts'
import { fakeConnection } from '../fake-connection.ts'
import { fakeSite, pathsIn, treeOf, type FakeSite } from '../fake-site.ts'

const COPY = '/site/.azure-python-env/trash-x'
/** More than wait to be sent at a time. */
const NAMES = Array.from({ length: 3000 }, (_, number) => `f${number}.py`)

/** Serves `LIST -Ra`, whose text has to be taken before anything else is done on that connection. */
function listing(site: FakeSite): Connection {
  const folder = 'drwxr-xr-x 1 o g 3 Nov 22 10:46'
  const plain = fakeConnection(site)
  return {
    ...plain,
    get closed() {
      return plain.closed
    },
    async listTree(_, onText) {
      await onText(`${COPY}:\r\n${folder} .\r\n${folder} ..\r\n`)
      for (const name of NAMES) await onText(`-rw-r--r-- 1 o g 3 Nov 22 10:46 ${name}\r\n`)
    }
  }
}

/** Is closed by the server at its first command. */
function closing(site: FakeSite): Connection {
  const state = { closed: false, outstanding: 0 }
  const send = (_: string, onReply: OnReply): void => {
    state.outstanding++
    setTimeout(() => {
      state.closed = true
      state.outstanding--
      onReply(undefined)
    }, 5)
  }
  const plain = fakeConnection(site)
  return {
    ...plain,
    get closed() {
      return state.closed
    },
    control: {
      ...plain.control,
      get outstanding() {
        return state.outstanding
      },
      send
    },
    close: () => {
      state.closed = true
    }
  }
}

function sweep(site: FakeSite, further: () => Promise<Connection>): Promise<Sweep> {
  const means = {
    pool: makePool(listing(site), further, 8, [0]),
    account: openAccount(),
    listings: noListingsLearned(),
    connections: 8,
    pipelining: true,
    signal: new AbortController().signal,
    pausesMs: [],
    reconnectPausesMs: [0, 0, 0, 0]
  }
  return sweepTree(means, mutable(remotePath(COPY)))
}

it.each<[string, (site: FakeSite) => Promise<Connection>]>([
  ['cannot be opened', () => Promise.reject(new SiteError('login', '530 Too many users'))],
  ['are closed at their first command', site => Promise.resolve(closing(site))]
])('a long listing does not wait for connections that %s', async (_, further) => {
  const tree = treeOf(Object.fromEntries(NAMES.map(name => [`${COPY}/${name}`, ''])))
  const site = fakeSite(tree)
  expect(await sweep(site, () => further(site))).toMatchObject({ refused: [], unfinished: false })
  expect(pathsIn(tree, COPY)).toEqual([])
})

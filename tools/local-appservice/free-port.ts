// Listening on whatever port the system has to spare, on 127.0.0.1 only.
import type { Server } from 'node:net'

/** Listens on a free port of 127.0.0.1 and says which; throws if the system has none. */
export async function listenOnFreePort(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port')
  return address.port
}

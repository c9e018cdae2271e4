// A recursive listing's way over a data connection: streamed, however long. Does not read what it says.
import { Writable } from 'node:stream'
import type { Client } from 'basic-ftp'
import type { RemotePath } from '../site.ts'

/**
 * Sends `LIST -Ra <directory>` and hands on the text as it comes; resolves when the server has said that this was all.
 *
 * The next text comes when the promise of `onText` has settled; meanwhile the data connection is paused, and its timeout
 * too. Where `onText` throws, the control connection is closed and its error is thrown. It is not called any more once all
 * is over. Bytes that are no UTF-8 become U+FFFD. Not while anything else is under way on the connection.
 */
export async function listTree(
  client: Client,
  directory: RemotePath,
  onText: (text: string) => void | Promise<void>
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let isOver = false
  const hand = async (text: string, done: (error?: Error | null) => void): Promise<void> => {
    try {
      if (text !== '' && !isOver) await onText(text)
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      void hand(decoder.decode(chunk, { stream: true }), done)
    },
    final: done => {
      void hand(decoder.decode(), done)
    }
  })
  try {
    await asking(client, `LIST -Ra ${directory}`).downloadTo(sink, directory)
  } finally {
    // The server may refuse in the middle (426), with bytes still on the way: nobody waits for those any more.
    isOver = true
  }
}

/**
 * A client whose downloads send another command.
 *
 * basic-ftp streams files only, and collects listings. What it does about data connections, timeouts and the order of
 * the two ends of a transfer should not be written once more, so it is told that this is a file.
 */
function asking(client: Client, command: string): Client {
  const ftp = new Proxy(client.ftp, {
    get: (context, name) => {
      if (name === 'handle') {
        const handle: typeof context.handle = (asked, handler) =>
          context.handle(asked?.startsWith('RETR ') ? command : asked, handler)
        return handle
      }
      return Reflect.get(context, name) as unknown
    },
    set: (context, name, value) => Reflect.set(context, name, value)
  })
  return Object.create(client, { ftp: { value: ftp } }) as Client
}

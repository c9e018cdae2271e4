// Hashes of passwords as crypt(3) reads them. Node has none of these.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Hashes a password with SHA-512, which every crypt(3) on Linux verifies within milliseconds. */
export async function passwordHash(password: string): Promise<string> {
  const { stdout } = await run('openssl', ['passwd', '-6', password])
  return stdout.trim()
}

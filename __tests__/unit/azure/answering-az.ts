// An az that is an object: it gives the answers that it is told to give, and remembers what it was asked.
import { expect } from 'vitest'
import { AzError, type Az, type AzureApp } from '../../../src/azure/cli.ts'
import type { ProgramResult } from '../../../src/ports.ts'

export const APP: AzureApp = { app: 'my-app', slot: 'production', resourceGroup: 'my-group' }

export interface Asked extends Az {
  readonly commands: string[][]
  readonly masked: string[]
}

/** What it prints, or how else it ends. */
export type Answer = string | Partial<Omit<Extract<ProgramResult, { kind: 'ended' }>, 'kind'>> | ProgramResult

/** An az that gives these answers one after the other, the last one again and again. */
export function azThat(...answers: readonly Answer[]): Asked {
  const commands: string[][] = []
  const masked: string[] = []
  return {
    commands,
    masked,
    mask: text => void masked.push(text),
    limits: { timeoutMs: 60_000, signal: new AbortController().signal },
    run: (program, args) => {
      const answer = answers[Math.min(commands.length, answers.length - 1)] ?? ''
      commands.push([program, ...args])
      if (typeof answer === 'string') return Promise.resolve({ kind: 'ended', exitCode: 0, stdout: answer, stderr: '' })
      return Promise.resolve({ kind: 'ended', exitCode: 0, stdout: '', stderr: '', ...answer } as ProgramResult)
    }
  }
}

export const failing = (stderr: string, exitCode = 1): { exitCode: number; stderr: string } => ({ exitCode, stderr })

export async function messageOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  expect(error).toBeInstanceOf(AzError)
  return error instanceof Error ? error.message : ''
}

import { describe, expect, it } from 'vitest'
import {
  evaluateMarker,
  parseMarker,
  serverEnvironment,
  type MarkerEnvironment,
  type Truth
} from '../../../src/python/markers.ts'
import { RequirementError } from '../../../src/python/requirement.ts'

const LINUX = serverEnvironment('linux', '3.11')
const WINDOWS = serverEnvironment('windows', '3.11')

const truthOf = (text: string, environment: MarkerEnvironment = LINUX, extras: readonly string[] = []): Truth =>
  evaluateMarker(parseMarker(text), environment, extras)

function fault(text: string): string {
  try {
    parseMarker(text)
    return 'none'
  } catch (error) {
    if (error instanceof RequirementError) return error.message
    throw error
  }
}

describe('a comparison of versions', () => {
  it.each<[string, Truth]>([
    ['python_version >= "3.8"', true],
    ['python_version < "3.9"', false],
    ['python_version < "3.12"', true],
    ['"3.8" <= python_version', true],
    ['"3.12" <= python_version', false],
    ['python_version == "3.1"', false],
    ['python_version == "3.*"', true],
    ['python_version == "3.11.0.*"', true],
    ['python_version ~= "3.8"', true],
    ['python_version === "3.11"', true],
    ['python_version >= "3.12a1"', false],
    ['python_version > "3.11rc1"', true],
    ['python_version < "3.11.post1"', true],
    ['python_version > "3.11"', false],
    ['python_version in "3.1 3.110"', true],
    ['python_version not in "2.7, 3.6"', true],
    ['python_version == "3.x"', false],
    ['python_version ~= "3"', 'unknown'],
    ['"3.*" == python_version', 'unknown']
  ])('%s is %s on 3.11', (text, truth) => {
    expect(truthOf(text)).toBe(truth)
  })

  it.each<[string, string, Truth]>([
    ['5.15.0', '< "5.15.0"', false],
    ['5.15.0rc1', '< "5.15.0"', false],
    ['5.15.0rc1', '< "5.15.0rc2"', true],
    ['5.14rc1', '< "5.15"', true],
    ['5.15.0.post1', '> "5.15"', false],
    ['5.15.0.post2', '> "5.15.post1"', true],
    ['5.15+azure', '> "5.15"', false],
    ['5.16+azure', '> "5.15"', true],
    ['5.15+azure', '== "5.15"', true],
    ['5.15+azure', '== "5.15.0+azure"', true],
    ['5.15+azure', '== "5.15+other"', false],
    ['5.15+azure', '<= "5.15"', true],
    ['1!5.15', '== "5.*"', false],
    ['1!5.15', '~= "1!5.1"', true],
    ['5.15-1', '>= "5.15.post1"', true],
    ['5.15.0-1019-azure', '>= "5"', 'unknown'],
    ['5.15.0-1019-azure', '== "5.15.0-1019-azure"', true],
    ['5.15.0-1019-azure', '=== "5.15.0-1019-azure"', 'unknown'],
    ['99999999999999999999999', '>= "5"', true]
  ])('platform_release %s %s is %s', (release, rest, truth) => {
    expect(truthOf(`platform_release ${rest}`, { platform_release: release })).toBe(truth)
  })
})

describe('the full version, of which X.Y is known', () => {
  it.each<[string, Truth]>([
    ['python_full_version >= "3.6.1"', true],
    ['python_full_version < "3.12.0rc1"', true],
    ['python_full_version >= "3.11.0"', true],
    ['python_full_version > "3.11.0rc1"', true],
    ['python_full_version <= "3.11.0a6"', false],
    ['python_full_version < "3.11.0"', false],
    ['python_full_version < "3.11.4"', 'unknown'],
    ['python_full_version >= "3.11.4"', 'unknown'],
    ['python_full_version == "3.11.4"', 'unknown'],
    ['python_full_version != "3.11.4"', 'unknown'],
    ['python_full_version == "3.10.4"', false],
    ['python_full_version == "3.11.*"', true],
    ['python_full_version ~= "3.11.4"', 'unknown'],
    ['python_full_version === "3.11.4"', 'unknown'],
    ['python_full_version === "3.11.04"', false],
    ['"3.11.4" > python_full_version', 'unknown'],
    ['python_full_version in "3.11.12 3.12.1"', 'unknown'],
    ['python_full_version in "3.10.1 3.12.1"', false],
    ['python_full_version not in "3.10.1 3.12.1"', true],
    ['"3.11." in python_full_version', true],
    ['"11.4" in python_full_version', 'unknown'],
    ['"04" in python_full_version', 'unknown'],
    ['"x" in python_full_version', false],
    ['implementation_version >= "3.11"', true],
    ['implementation_version >= "3.11.4"', 'unknown']
  ])('%s is %s', (text, truth) => {
    expect(truthOf(text)).toBe(truth)
  })

  it('is used where it is known', () => {
    expect(truthOf('python_full_version >= "3.11.4"', { python_full_version: '3.11.4' })).toBe(true)
  })

  it('of an implementation is not guessed for another one than CPython', () => {
    const pypy = { python_version: '3.10', implementation_name: 'pypy' } as const
    expect(truthOf('implementation_version >= "3"', pypy)).toBe('unknown')
  })
})

describe('a comparison of texts', () => {
  it.each<[string, Truth]>([
    ['sys_platform == "linux"', true],
    ["sys.platform == 'win32'", false],
    ['"lin" in sys_platform', true],
    ['os_name in "posix nt"', true],
    ['os_name == "1.0"', false],
    ['platform_machine == "x86_64"', true],
    ['platform.python_implementation == "CPython"', true],
    ['python_implementation != "CPython"', false],
    ['platform_release == "5.15"', 'unknown'],
    ['platform.version != "x"', 'unknown'],
    ['"a" == "a"', 'unknown'],
    ['os_name == sys_platform', false],
    ['os_name == "sys_platform"', false]
  ])('%s is %s on Linux', (text, truth) => {
    expect(truthOf(text)).toBe(truth)
  })

  it.each<[string, Truth]>([
    ['os_name < "nt"', false],
    ['os_name < "z"', 'unknown'],
    ['os_name > "nt"', 'unknown'],
    ['os_name <= "posix"', true],
    ['os_name >= "z"', false],
    ['os_name ~= "posix"', 'unknown'],
    ['os_name === "posix"', 'unknown'],
    ['python_version < "3.x"', 'unknown']
  ])('%s is %s where the versions of pip disagree', (text, truth) => {
    expect(truthOf(text)).toBe(truth)
  })

  it.each<[string, Truth]>([
    ['platform_machine == "AMD64"', 'unknown'],
    ['platform_machine == "x86_64"', false],
    ['platform_machine != "aarch64"', true],
    ['"86" in platform_machine', 'unknown'],
    ['platform_machine in "AMD64 x86"', true],
    ['platform_system == "Windows"', true],
    ['os_name == "nt" and sys_platform == "win32"', true]
  ])('%s is %s on Windows, which is AMD64 or x86', (text, truth) => {
    expect(truthOf(text, WINDOWS)).toBe(truth)
  })
})

describe('and, or and parentheses', () => {
  const terms: readonly [string, Truth][] = [
    ['os_name == "posix"', true],
    ['os_name == "nt"', false],
    ['platform_release == "x"', 'unknown']
  ]
  it.each(terms.flatMap(([one, left]) => terms.map(([other, right]) => [one, left, other, right] as const)))(
    'follow Kleene for %s (%s) with %s (%s)',
    (one, left, other, right) => {
      const and = left === false || right === false ? false : left === true && right === true ? true : 'unknown'
      const or = left === true || right === true ? true : left === false && right === false ? false : 'unknown'
      expect(truthOf(`${one} and ${other}`)).toBe(and)
      expect(truthOf(`${one} or ${other}`)).toBe(or)
      expect(truthOf(`(${one}) and ((${other}))`)).toBe(and)
    }
  )

  it('bind in their order: and before or', () => {
    expect(truthOf('os_name == "posix" or os_name == "posix" and os_name == "nt"')).toBe(true)
    expect(truthOf('(os_name == "posix" or os_name == "posix") and os_name == "nt"')).toBe(false)
    expect(truthOf('os_name == "nt" and os_name == "nt" or os_name == "posix"')).toBe(true)
  })

  it('need no blanks beside quotes and parentheses', () => {
    expect(truthOf('(os_name=="nt")or(os_name=="posix")and"3.8"<=python_version')).toBe(true)
  })
})

describe('extras', () => {
  it.each<[string, readonly string[], Truth]>([
    ['extra == "test"', [], false],
    ['extra == "test"', ['test'], true],
    ['extra == "Foo_Bar"', ['foo.bar'], true],
    ['"foo--bar" == extra', ['Foo_Bar'], true],
    ['extra == "test"', ['docs', 'test'], true],
    ['extra != "test"', [], true],
    ['extra != "test"', ['test'], false],
    ['extra != "test"', ['test', 'docs'], true],
    ['extra == "a" and extra == "b"', ['a', 'b'], false],
    ['extra == "1.0"', ['1'], false],
    ['extra == "test" and platform_release == "x"', ['test'], 'unknown'],
    ['extra == "test" and platform_release == "x"', ['docs'], false],
    ['extra == "test" or platform_release == "x"', ['docs', 'test'], true],
    ['extra == ""', [], true]
  ])('%s with %j is %s', (text, extras, truth) => {
    expect(truthOf(text, LINUX, extras)).toBe(truth)
  })
})

describe('what is no marker', () => {
  it.each([
    ['', 'a variable of markers or a quoted text was expected (at character 1)'],
    ['python_version', 'a comparison was expected, such as "==" or "in" (at character 15)'],
    ['python_versions > "3"', 'a variable of markers or a quoted text was expected (at character 1)'],
    ['python_versioné > "3"', 'a variable of markers or a quoted text was expected (at character 1)'],
    ['"test" in extras', 'a variable of markers or a quoted text was expected (at character 11)'],
    ['os_name == nt', 'a variable of markers or a quoted text was expected (at character 12)'],
    ['os_name == "nt', 'a variable of markers or a quoted text was expected (at character 12)'],
    ['os_name not"nt"', '"in" was expected after "not" (at character 12)'],
    ['os_name notin "nt"', 'a comparison was expected, such as "==" or "in" (at character 9)'],
    ['os_name inx "nt"', 'a comparison was expected, such as "==" or "in" (at character 9)'],
    ['os_name == "nt" and', 'a variable of markers or a quoted text was expected (at character 20)'],
    ['os_name == "nt" xor', '"and", "or" or the end of the marker was expected (at character 17)'],
    ['(os_name == "nt"', '"and", "or" or ")" was expected (at character 17)'],
    ['os_name == "n\\t"', 'a backslash in a quoted text cannot be judged (at character 17)'],
    ['os_name == "n\nt"', 'it holds a control character'],
    [`${'('.repeat(66)}os_name == "nt"`, 'the marker is nested too deeply (at character 66)']
  ])('%j: %s', (text, message) => {
    expect(fault(text)).toBe(message)
  })

  it('is not told from one by how deep it is nested, up to a bound', () => {
    expect(truthOf(`${'('.repeat(64)}os_name == "nt"${')'.repeat(64)}`)).toBe(false)
  })
})

describe('the environment of a server', () => {
  it('on Linux is that of a 64-bit CPython', () => {
    expect(LINUX).toEqual({
      python_version: '3.11',
      implementation_name: 'cpython',
      platform_python_implementation: 'CPython',
      os_name: 'posix',
      sys_platform: 'linux',
      platform_system: 'Linux',
      platform_machine: 'x86_64'
    })
  })

  it('on Windows leaves the machine open', () => {
    expect(WINDOWS).toEqual({
      python_version: '3.11',
      implementation_name: 'cpython',
      platform_python_implementation: 'CPython',
      os_name: 'nt',
      sys_platform: 'win32',
      platform_system: 'Windows'
    })
  })

  it('of Python 2.7 has the names that it had then', () => {
    const old = serverEnvironment('linux', '2.7')
    expect(old).toMatchObject({ sys_platform: 'linux2', implementation_name: '', implementation_version: '0' })
    expect(truthOf('implementation_version >= "3"', old)).toBe(false)
    expect(truthOf('python_full_version >= "2.7.9"', old)).toBe('unknown')
  })

  it('without a version leaves everything open that asks for it', () => {
    const any = serverEnvironment('windows', undefined)
    expect(truthOf('python_version >= "2"', any)).toBe('unknown')
    expect(truthOf('python_full_version >= "2"', any)).toBe('unknown')
    expect(truthOf('implementation_version >= "2"', any)).toBe('unknown')
    expect(truthOf('python_version >= "2" and os_name == "posix"', any)).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { parseManifest, type OryxManifest } from '../../../src/azure/manifest.ts'

const NONE: OryxManifest = {
  python: undefined,
  virtualEnvName: undefined,
  packageDir: undefined,
  compressedVirtualEnvFile: undefined,
  compressed: false
}

describe('a manifest', () => {
  it.each<[string, string, Partial<OryxManifest>]>([
    [
      'of an uncompressed build',
      'PythonVersion="3.10.8"\nvirtualEnvName="antenv"\nCompressDestinationDir="false"\n',
      { python: '3.10', virtualEnvName: 'antenv' }
    ],
    [
      'of a compressed build',
      'PythonVersion="3.12.2"\r\nvirtualEnvName="antenv"\r\nCompressDestinationDir="true"\r\n',
      { python: '3.12', virtualEnvName: 'antenv', compressed: true }
    ],
    [
      'with a compressed environment',
      'compressedVirtualEnvFile="antenv.tar.gz"',
      { compressedVirtualEnvFile: 'antenv.tar.gz' }
    ],
    ['with a folder of packages', 'packagedir="__oryx_packages__/"', { packageDir: '__oryx_packages__' }],
    [
      'in other cases',
      'PYTHONVERSION="3.9.1"\nVirtualEnvName="v"\ncompressdestinationdir="True"',
      { python: '3.9', virtualEnvName: 'v', compressed: true }
    ],
    ['that begins with a byte-order mark', '\uFEFFPythonVersion="3.9.1"', { python: '3.9' }],
    ['with empty values', 'PythonVersion=""\nvirtualEnvName=""\npackagedir=" "', {}],
    ['of another platform', 'PlatformName="nodejs"\nNodeVersion="20.1.0"\nOperationId="|a.b"', {}],
    ['that is empty', '', {}]
  ])('%s', (_, text, expected) => {
    expect(parseManifest(text)).toEqual({ ...NONE, ...expected })
  })

  it.each([['PythonVersion="3.9'], ['<html></html>'], ['no value'], ['a="1"\na="2"']])('is refused: %j', text => {
    expect(() => parseManifest(text)).toThrow(Error)
  })
})

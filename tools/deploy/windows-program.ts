// The smallest program for Windows (x64) that does something: it ends with an exit code, or goes on for ever. Needs no compiler.

const SECTION_ALIGNMENT = 0x1000
const FILE_ALIGNMENT = 0x200
const HEADERS = 0x40 + 4 + 20 + 240

/** Makes a program that ends with an exit code; `undefined`: one that sleeps nowhere and ends only when it is killed. */
export function windowsProgram(exitCode: number | undefined): Buffer {
  const file = Buffer.alloc(2 * FILE_ALIGNMENT)
  file.write('MZ', 0, 'latin1')
  file.writeUInt32LE(0x40, 0x3c)
  file.write('PE\0\0', 0x40, 'latin1')
  writeFileHeader(file.subarray(0x44))
  writeOptionalHeader(file.subarray(0x58))
  writeSection(file.subarray(HEADERS))
  // mov eax, exitCode; ret. Or: jmp to itself.
  const code = file.subarray(FILE_ALIGNMENT)
  if (exitCode === undefined) code.set([0xeb, 0xfe])
  else {
    code.set([0xb8])
    code.writeUInt32LE(exitCode, 1)
    code.set([0xc3], 5)
  }
  return file
}

function writeFileHeader(header: Buffer): void {
  header.writeUInt16LE(0x8664, 0)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(240, 16)
  // Executable, and aware of large addresses.
  header.writeUInt16LE(0x22, 18)
}

function writeOptionalHeader(header: Buffer): void {
  header.writeUInt16LE(0x20b, 0)
  header.writeUInt32LE(FILE_ALIGNMENT, 4)
  header.writeUInt32LE(SECTION_ALIGNMENT, 16)
  header.writeUInt32LE(SECTION_ALIGNMENT, 20)
  header.writeBigUInt64LE(0x140000000n, 24)
  header.writeUInt32LE(SECTION_ALIGNMENT, 32)
  header.writeUInt32LE(FILE_ALIGNMENT, 36)
  // Versions of the system and of the subsystem.
  header.writeUInt16LE(6, 40)
  header.writeUInt16LE(6, 48)
  header.writeUInt32LE(2 * SECTION_ALIGNMENT, 56)
  header.writeUInt32LE(FILE_ALIGNMENT, 60)
  // Of the console.
  header.writeUInt16LE(3, 68)
  for (const at of [72, 88]) header.writeBigUInt64LE(0x100000n, at)
  for (const at of [80, 96]) header.writeBigUInt64LE(0x1000n, at)
  header.writeUInt32LE(16, 108)
}

function writeSection(header: Buffer): void {
  header.write('.text', 0, 'latin1')
  header.writeUInt32LE(FILE_ALIGNMENT, 8)
  header.writeUInt32LE(SECTION_ALIGNMENT, 12)
  header.writeUInt32LE(FILE_ALIGNMENT, 16)
  header.writeUInt32LE(FILE_ALIGNMENT, 20)
  // Code that may be read and executed.
  header.writeUInt32LE(0x60000020, 36)
}

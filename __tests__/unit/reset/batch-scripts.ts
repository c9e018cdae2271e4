// What kuduscript generates, and what people make of it: scripts that are known, and such in which nothing may be changed.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKuduScript } from '../../../tools/deploy/kudu-script.ts'

/** Generates a batch script, one character for each byte. */
export async function generated(...options: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kuduscript-'))
  try {
    await mkdir(join(folder, 'web'))
    await generateKuduScript(folder, options)
    return await readFile(join(folder, 'deploy.cmd'), 'latin1')
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The section of the generated script that decides on the environment, without the ends of its lines. */
const SECTION = /:: 3\. Create virtual environment[^]*?(?=:: 4\. )/

/** Puts other lines in the place of the section. */
function instead(...lines: readonly string[]): (script: string) => string {
  return script => {
    if (!SECTION.test(script)) throw new Error('kuduscript generates something else')
    return script.replace(SECTION, () => lines.map(line => `${line}\r\n`).join(''))
  }
}

/** Replaces all of one text. */
export function edit(from: string, to: string): (script: string) => string {
  return script => {
    if (!script.includes(from)) throw new Error(`there is nothing like ${from}`)
    return script.replaceAll(from, to)
  }
}

type Edit = readonly [title: string, edit: (script: string) => string, path?: string]

const TARGET = '%DEPLOYMENT_TARGET%'
const MARKER = `${TARGET}\\env\\azure.env.%PYTHON_RUNTIME%.txt`
const CREATE = '%PYTHON_EXE% -m %PYTHON_ENV_MODULE% env'
const MARK = `copy /y NUL "${MARKER}" >NUL`

/** Edits after which the generated script is still known, with the folder that is deleted where it is not the usual one. */
export const BATCH_VARIANTS: readonly Edit[] = [
  ['as it is generated', script => script],
  ['with the ends of lines of Linux', edit('\r\n', '\n')],
  ['with a byte-order mark', script => `\u00ef\u00bb\u00bf${script}`],
  ['with bytes of Windows-1252', edit(':: Prerequisites', ':: Gr\u00fc\u00dfe \u0096 \u0080')],
  ['without an end of the last line', script => script.trimEnd()],
  ['with some lines of each kind', edit(')\r\n', ')\n')],
  [
    'in lower case and with tabs',
    edit('IF NOT EXIST "%DEPLOYMENT_TARGET%\\env\\', '\tif not exist "%deployment_target%\\env\\')
  ],
  [
    'with the file for the handler tested',
    edit(`IF NOT EXIST "${MARKER}"`, `IF NOT EXIST "${TARGET}\\env\\Scripts\\python.exe"`)
  ],
  ['without the deletion', edit('    rmdir /q /s "%DEPLOYMENT_TARGET%\\env"\r\n', '')],
  [
    'with a fixed Python',
    edit('call :SelectPythonVersion', 'SET PYTHON_RUNTIME=python-3.6\r\nSET PYTHON_ENV_MODULE=venv')
  ],
  ['with venv and without its pip', edit(CREATE, '%PYTHON_EXE% -m venv --without-pip env')],
  ['with virtualenv and options', edit(CREATE, 'virtualenv.exe -p "%PYTHON_EXE%" --no-download env')],
  [
    'with forward slashes',
    edit(`IF NOT EXIST "${MARKER}"`, 'IF NOT EXIST "%DEPLOYMENT_TARGET%/env/azure.env.%PYTHON_RUNTIME%.txt"')
  ],
  [
    'with delayed expansion',
    edit(CREATE, '%PYTHON_EXE% -m venv "!DEPLOYMENT_TARGET!\\env"'),
    '!DEPLOYMENT_TARGET!\\env'
  ],
  [
    'with paths from the working folder',
    instead('IF NOT EXIST env\\azure.env.%PYTHON_RUNTIME%.txt (', `  ${CREATE}`, `  ${MARK}`, ')')
  ],
  [
    'with the branches swapped',
    instead(`IF EXIST "${MARKER}" (`, '  echo Found.', ') ELSE (', `  ${CREATE}`, `  ${MARK}`, ')')
  ],
  ['with a jump over it', instead(`IF EXIST "${MARKER}" goto found`, CREATE, MARK, ':found')],
  [
    'with a jump to it',
    instead(
      `IF NOT EXIST "${MARKER}" goto create`,
      'goto found',
      ':create',
      `%PYTHON_EXE% -m venv "${TARGET}\\env"`,
      MARK,
      ':found'
    )
  ],
  [
    'with a subroutine',
    script =>
      instead(`IF NOT EXIST "${MARKER}" call :CreateEnv`)(script).replace(
        ':error',
        () => `:CreateEnv\r\n%PYTHON_EXE% -m venv "${TARGET}\\env"\r\n${MARK}\r\nexit /b 0\r\n\r\n:error`
      )
  ],
  ['with it on one line', instead(`IF NOT EXIST "${MARKER}" ${CREATE}`, MARK)],
  [
    'with the folder in a variable',
    instead(`SET "ENV_DIR=${TARGET}\\.venv"`, 'IF NOT EXIST "%ENV_DIR%" (', '  %PYTHON_EXE% -m venv "%ENV_DIR%"', ')'),
    '%ENV_DIR%'
  ],
  [
    'with a name that is set where it is used',
    instead(`IF EXIST "${TARGET}\\requirements.txt" (`, '  SET VENV=env', '  %PYTHON_EXE% -m venv "!VENV!"', ')'),
    `${TARGET}\\!VENV!`
  ],
  [
    'with a name for each of two cases',
    instead('IF DEFINED X (', '  SET VENV=env', ') ELSE (', '  SET VENV=.venv', ')', '%PYTHON_EXE% -m venv "%VENV%"'),
    `${TARGET}\\%VENV%`
  ],
  [
    'with the name in a variable',
    instead(
      'SET VENV=python env',
      `IF NOT EXIST "${TARGET}\\%VENV%\\pyvenv.cfg" (`,
      '  %PYTHON_EXE% -m venv "%VENV%"',
      ')'
    ),
    `${TARGET}\\%VENV%`
  ],
  [
    'with the folder of the app by its name',
    instead(
      'IF NOT EXIST D:\\home\\site\\wwwroot\\env\\done.txt (',
      '  %PYTHON_EXE% -m venv D:\\home\\site\\wwwroot\\env',
      ')'
    ),
    'D:\\home\\site\\wwwroot\\env'
  ],
  [
    'within a condition',
    instead(
      `IF EXIST "${TARGET}\\requirements.txt" (`,
      `  IF NOT EXIST "${MARKER}" (`,
      `    ${CREATE}`,
      `    ${MARK}`,
      '  )',
      ')'
    )
  ],
  ['without a test', instead(CREATE, MARK)],
  ['with lines that are continued', instead(`IF NOT EXIST "${MARKER}" (`, '  %PYTHON_EXE% ^', '    -m venv env', ')')],
  [
    'with two ways to make it',
    instead(
      `IF NOT EXIST "${MARKER}" (`,
      '  IF "%PYTHON_VER%" == "2.7" (',
      '    virtualenv env',
      '  ) ELSE (',
      '    %PYTHON_EXE% -m venv env',
      '  )',
      ')'
    )
  ],
  [
    'with a renewal of what is there',
    instead(`IF EXIST "${MARKER}" (`, '  %PYTHON_EXE% -m venv --upgrade env', ') ELSE (', `  ${CREATE}`, ')')
  ],
  [
    'with parentheses and percent signs in texts',
    instead(`IF NOT EXIST "${MARKER}" (`, '  echo 100%% new ^(really^) "( " >nul', `  ${CREATE}`, ')')
  ],
  [
    'with a comment that looks like a test',
    edit(
      `IF NOT EXIST "${MARKER}"`,
      `:: IF NOT EXIST "${TARGET}\\old\\x" (\r\nREM IF EXIST (\r\nIF NOT EXIST "${MARKER}"`
    )
  ]
]

/** Edits after which nothing may be changed, with a word of the reason. */
export const UNKNOWN_BATCH: readonly (readonly [string, (script: string) => string, RegExp])[] = [
  ['without the section', instead(), /no command in it makes/],
  [
    'with the section commented out',
    script => script.replace(SECTION, text => text.replace(/^/gm, '::')),
    /no command in it makes/
  ],
  ['with an environment in the repository', edit(TARGET, '%DEPLOYMENT_SOURCE%'), /not certain/],
  ['with an environment outside', edit(CREATE, '%PYTHON_EXE% -m venv D:\\home\\env'), /not certain/],
  ['with a path that climbs', edit(CREATE, '%PYTHON_EXE% -m venv ..\\env'), /not certain/],
  ['with the folder of the app as the environment', edit(CREATE, '%PYTHON_EXE% -m venv .'), /not certain/],
  [
    'with a name that is read from a file',
    instead('SET /P VENV=<name.txt', 'IF NOT EXIST "%VENV%\\x" (', '  %PYTHON_EXE% -m venv "%VENV%"', ')'),
    /not certain/
  ],
  [
    'with a name that nobody sets',
    instead(`IF NOT EXIST "${TARGET}\\%VENV%" %PYTHON_EXE% -m venv "${TARGET}\\%VENV%"`),
    /not certain/
  ],
  [
    'with a folder that can be set from outside',
    instead(`IF NOT DEFINED VENV SET VENV=${TARGET}\\env`, 'IF NOT EXIST "%VENV%\\x" %PYTHON_EXE% -m venv "%VENV%"'),
    /not certain/
  ],
  [
    'with a folder that can be set from outside, in a block',
    instead(
      'IF "%VENV%" == "" (',
      `  SET "VENV=${TARGET}\\env"`,
      ')',
      'IF NOT EXIST "%VENV%\\x" %PYTHON_EXE% -m venv "%VENV%"'
    ),
    /not certain/
  ],
  ['with a part of a variable', instead(`%PYTHON_EXE% -m venv "${TARGET}\\%PYTHON_VER:~0,1%"`), /not certain/],
  [
    'with a decision in a variable',
    instead(`IF NOT EXIST "${MARKER}" SET NEW=1`, 'IF "%NEW%" == "1" (', `  ${CREATE}`, ')'),
    /where it decides/
  ],
  [
    'with a test behind ELSE',
    instead('IF "%PYTHON_VER%" == "2.7" (', '  echo Old.', `) ELSE IF NOT EXIST "${MARKER}" (`, `  ${CREATE}`, ')'),
    /where it decides/
  ],
  [
    'with a test behind another',
    instead(`IF EXIST "${TARGET}\\app.py" IF NOT EXIST "${MARKER}" ${CREATE}`),
    /where it decides/
  ],
  [
    'with another test behind it',
    instead(`IF NOT EXIST "${MARKER}" IF EXIST "${TARGET}\\app.py" (`, `  ${CREATE}`, ')'),
    /where it decides/
  ],
  ['with two environments', instead(CREATE, '%PYTHON_EXE% -m venv tools'), /where it decides/],
  [
    'with a subroutine that is called under another condition',
    script =>
      instead('IF DEFINED NEW call :CreateEnv')(script).replace(
        ':error',
        () => `:CreateEnv\r\n%PYTHON_EXE% -m venv "${TARGET}\\env"\r\nexit /b 0\r\n:error`
      ),
    /where it decides/
  ],
  [
    'with a working folder that nobody knows',
    script => edit('pushd "%DEPLOYMENT_TARGET%"', 'pushd "%TEMP%"')(script),
    /not certain/
  ],
  [
    'with a working folder behind a condition',
    edit('pushd "%DEPLOYMENT_TARGET%"', 'pushd "%DEPLOYMENT_TARGET%"\r\nIF DEFINED X cd data'),
    /not certain/
  ],
  [
    'with a working folder behind another command',
    edit('pushd "%DEPLOYMENT_TARGET%"', 'pushd "%DEPLOYMENT_TARGET%"\r\necho data& cd data'),
    /not certain/
  ],
  [
    'with a working folder under a condition',
    edit('pushd "%DEPLOYMENT_TARGET%"', 'IF DEFINED X (\r\n  pushd "%DEPLOYMENT_TARGET%"\r\n)'),
    /not certain/
  ],
  [
    'with an end between the test and the making',
    instead(`IF EXIST "${MARKER}" goto found`, `IF NOT EXIST "${TARGET}\\app.py" goto found`, CREATE, ':found'),
    /where it decides/
  ],
  ['that only renews what is there', instead(`IF EXIST "${MARKER}" ${CREATE}`), /only where there is one/],
  [
    'that renews what is there in a block',
    instead(`IF EXIST "${TARGET}\\env" (`, `  ${CREATE}`, ')'),
    /only where there is one/
  ],
  [
    'that renews behind ELSE what is there',
    instead(`IF NOT EXIST "${MARKER}" (`, '  echo None.', ') ELSE (', `  ${CREATE}`, ')'),
    /only where there is one/
  ],
  [
    'that jumps over it where nothing is there',
    instead(`IF NOT EXIST "${MARKER}" goto none`, CREATE, ':none'),
    /only where there is one/
  ],
  [
    'that jumps to it where something is there',
    instead(
      `IF EXIST "${MARKER}" goto renew`,
      'goto found',
      ':renew',
      `%PYTHON_EXE% -m venv "${TARGET}\\env"`,
      ':found'
    ),
    /only where there is one/
  ],
  ['with a parenthesis too many', instead(`IF NOT EXIST "${MARKER}" (`, `  ${CREATE}`), /parentheses/],
  ['that builds with Oryx', instead('oryx build "%DEPLOYMENT_SOURCE%"'), /Oryx/],
  ['in UTF-16', script => Buffer.from(`\ufeff${script}`, 'utf16le').toString('latin1'), /no text in UTF-8/],
  ['with half of a block', edit(':: 3. ', ':: >>> azure-python-env: run 1\r\n:: 3. '), /part of the lines/]
]

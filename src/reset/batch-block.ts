// The lines that delete an environment in a batch script. Pure.

/**
 * The lines that delete.
 *
 * The marker goes first: if the deployment dies in between, the next one makes the environment anew. What a running app holds
 * open cannot be deleted on Windows but renamed, so that pip can write the file again. rmdir leaves ERRORLEVEL as it was where
 * it fails (unless `||` follows), so that the block looks for itself, and sets ERRORLEVEL to 0 in the end.
 */
export function blockOf(
  stamp: string,
  path: string,
  tested: string | undefined,
  end: string,
  isNested: boolean
): readonly string[] {
  const names = [...path.matchAll(/[%!]([^%!]+)[%!]/g)].map(([, name = '']) => name)
  const defined = [...new Set(names)].map(name => `IF DEFINED ${name} `).join('')
  // Within parentheses a label is an error, and `::` is one.
  const mark = isNested ? 'REM azure-python-env' : '::'
  return [
    isNested ? `${mark} begins: ${stamp}` : `${mark} >>> azure-python-env: ${stamp}`,
    `${isNested ? 'REM' : '::'} Added by the action azure-python-env for this one deployment. It makes the environment anew. Not to be committed.`,
    'SET AZURE_PYTHON_ENV=',
    ...['azure.env.*.txt', 'pyvenv.cfg', 'Scripts\\activate.bat'].map(
      name => `${defined}IF EXIST "${path}\\${name}" SET AZURE_PYTHON_ENV=1`
    ),
    'IF DEFINED AZURE_PYTHON_ENV (',
    '  echo azure-python-env: deleting the virtual environment, which this deployment makes anew.',
    `  del /f /q "${path}\\azure.env.*.txt" >nul 2>nul`,
    `  rmdir /s /q "${path}"`,
    `  IF EXIST "${path}" (`,
    '    echo azure-python-env: the app holds some of its files open. They are renamed.',
    `    pushd "${path}" && (`,
    '      FOR /R %%F IN (*.exe *.dll *.pyd) DO ren "%%F" "%%~nxF.%RANDOM%.in-use"',
    '      popd',
    '    )',
    '  )',
    ...(tested === undefined
      ? []
      : [
          `  IF EXIST "${tested}" (`,
          '    echo azure-python-env: the virtual environment cannot be deleted. Stop the app, and deploy again.',
          `    ${end}`,
          '  )'
        ]),
    ')',
    'cmd /c exit 0',
    isNested ? `${mark} ends` : `${mark} <<< azure-python-env`
  ]
}

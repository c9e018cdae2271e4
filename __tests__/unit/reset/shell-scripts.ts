// Shell scripts that deploy a Python app: such that are known, and such in which nothing may be changed.
import { edit } from './batch-scripts.ts'

/** A shell script in the form of Kudu's: it copies, makes `antenv` with no look at what is there, and runs pip. */
export const SHELL_SCRIPT = `#!/bin/bash
# Deploys the app. "$KUDU_SYNC_CMD" copies.

fail_unless_ok () {
  if [ ! $? -eq 0 ]; then
    echo "failed: $1"
    exit 1
  fi
}

SCRIPT_DIR="\${BASH_SOURCE[0]%\\\\*}"
KUDU_SYNC_CMD=\${KUDU_SYNC_CMD//\\"}

if [[ ! -n "$DEPLOYMENT_SOURCE" ]]; then
  DEPLOYMENT_SOURCE=$SCRIPT_DIR
fi

if [[ "$IN_PLACE_DEPLOYMENT" -ne "1" ]]; then
  "$KUDU_SYNC_CMD" -v 50 -f "$DEPLOYMENT_SOURCE" -t "$DEPLOYMENT_TARGET" -n "$NEXT_MANIFEST_PATH" -p "$PREVIOUS_MANIFEST_PATH" -i ".git;.hg;.deployment;deploy.sh"
  fail_unless_ok "KuduSync"
fi

export ANTENV="antenv"
export PYTHON3="python3.7"

if [ "$WEBSITE_PYTHON_VERSION" = "3.6" ]; then
  export ANTENV="antenv3.6"
  export PYTHON3="python3.6"
fi

if [ -e "$DEPLOYMENT_TARGET/requirements.txt" ]; then
  cd "$DEPLOYMENT_TARGET"

  # The environment
  $PYTHON3 -m venv $ANTENV --copies
  source $ANTENV/bin/activate

  pip install -r requirements.txt
fi

echo "Finished."
`

const MAKE = '  $PYTHON3 -m venv $ANTENV --copies\n'
const HERE = '${DEPLOYMENT_TARGET:?}/${ANTENV:?}'
const FIXED = '${DEPLOYMENT_TARGET:?}/antenv'

/** Shell scripts that are known, with the folder that is deleted. */
export const SHELL_VARIANTS: readonly (readonly [string, (script: string) => string, string])[] = [
  ['in the form of Kudu', script => script, HERE],
  ['with the ends of lines of Windows', edit('\n', '\r\n'), HERE],
  ['without an end of the last line', script => script.trimEnd(), HERE],
  ['for sh', () => '#!/bin/sh\ncd "$DEPLOYMENT_TARGET"\npython3 -m venv antenv\n. antenv/bin/activate\n', FIXED],
  ['with quotes', edit(MAKE, '  "$PYTHON3" -m venv --copies "${ANTENV}"\n'), HERE],
  ['with the whole path', edit(MAKE, '  $PYTHON3 -m venv "$DEPLOYMENT_TARGET/$ANTENV"\n'), HERE],
  ['with a fixed name', edit(MAKE, '  python3 -m venv ./antenv\n'), FIXED],
  ['with a test', edit(MAKE, `  if [ ! -d "$ANTENV" ]; then\n  ${MAKE}  fi\n`), HERE],
  [
    'with a test of the whole path',
    edit(MAKE, `  if [[ ! -f "$DEPLOYMENT_TARGET/$ANTENV/bin/activate" ]]\n  then\n  ${MAKE}  fi\n`),
    HERE
  ],
  ['with a test on one line', edit(MAKE, '  if [ ! -d antenv ]; then python3 -m venv antenv; fi\n'), FIXED],
  [
    'with the branches swapped',
    edit(MAKE, `  if [ -d "$ANTENV" ]; then\n    echo Found\n  else\n  ${MAKE}  fi\n`),
    HERE
  ],
  ['with a list', edit(MAKE, '  [ -d antenv ] || python3 -m venv antenv\n'), FIXED],
  [
    'with a change of folder in the list',
    () => '#!/bin/bash\ncd "$DEPLOYMENT_TARGET" && python3 -m venv antenv && echo made\n',
    FIXED
  ],
  ['with a list over two lines', edit(MAKE, '  test -d antenv ||\n    python3 -m venv antenv\n'), FIXED],
  [
    'with a function',
    () =>
      '#!/bin/bash\nmake_env() {\n  [ -d antenv ] && return\n  python3 -m venv antenv\n}\ncd "$DEPLOYMENT_TARGET"\nmake_env\n',
    FIXED
  ],
  ['with a message in the list', edit(MAKE, '  [ -d antenv ] && echo Found || python3 -m venv antenv\n'), FIXED],
  ['with a bang before the test', edit(MAKE, `  if ! [ -d "$ANTENV" ]; then\n  ${MAKE}  fi\n`), HERE],
  [
    'with a return within a condition',
    () =>
      '#!/bin/bash\nmake_env() {\n  if [ -d antenv ]; then\n    return\n  fi\n  python3 -m venv antenv\n}\ncd "$DEPLOYMENT_TARGET"\nmake_env\n',
    FIXED
  ],
  [
    'with a name that is set where it is used',
    edit(MAKE, '  VENV=antenv\n  python3 -m venv "$VENV"\n'),
    '${DEPLOYMENT_TARGET:?}/${VENV:?}'
  ],
  [
    'with a name for each of two cases',
    edit(MAKE, '  if [ "$X" ]; then VENV=.venv; else VENV=antenv; fi\n  python3 -m venv "$VENV"\n'),
    '${DEPLOYMENT_TARGET:?}/${VENV:?}'
  ],
  ['with virtualenv', edit(MAKE, '  virtualenv -p "$PYTHON3" "$ANTENV"\n'), HERE],
  ['with uv', edit(MAKE, '  uv venv --python 3.12 .venv\n'), '${DEPLOYMENT_TARGET:?}/.venv'],
  [
    'with the folder of the app by its name',
    () =>
      'set -e\npython3 -m venv /home/site/wwwroot/antenv\n/home/site/wwwroot/antenv/bin/pip install -r requirements.txt\n',
    '/home/site/wwwroot/antenv'
  ],
  [
    'with the folder in a variable',
    () => '#!/usr/bin/env bash\nENV_DIR="$DEPLOYMENT_TARGET/app/antenv"\npython -m venv "$ENV_DIR"\n',
    '${ENV_DIR:?}'
  ],
  [
    'with a text that only speaks of it',
    edit('# The environment\n', "cat <<'END'\npython3 -m venv somewhere\nEND\n  echo python3 -m venv elsewhere\n"),
    HERE
  ],
  ['with lines that are continued', edit(MAKE, '  $PYTHON3 \\\n    -m venv \\\n    $ANTENV\n'), HERE]
]

/** Shell scripts, and others, in which nothing may be changed. */
export const UNKNOWN_SHELL: readonly (readonly [string, (script: string) => string, RegExp])[] = [
  ['that only runs pip', edit(MAKE, ''), /no command in it makes/],
  ['with an environment outside', edit(MAKE, '  $PYTHON3 -m venv /opt/antenv\n'), /not certain/],
  [
    'with an environment in the repository',
    edit(MAKE, '  $PYTHON3 -m venv "$DEPLOYMENT_SOURCE/antenv"\n'),
    /not certain/
  ],
  ['with a path that climbs', edit(MAKE, '  $PYTHON3 -m venv "$DEPLOYMENT_TARGET/../antenv"\n'), /not certain/],
  [
    'with the folder of the app as the environment',
    edit(MAKE, '  $PYTHON3 -m venv "$DEPLOYMENT_TARGET"\n'),
    /not certain/
  ],
  [
    'with a name that may be empty',
    edit(MAKE, '  $PYTHON3 -m venv "$DEPLOYMENT_TARGET/$FROM_OUTSIDE"\n'),
    /not certain/
  ],
  [
    'with a name that can be set from outside',
    edit(MAKE, '  VENV=${VENV:-antenv}\n  python -m venv "$VENV"\n'),
    /not certain/
  ],
  ['with a name that a command gives', edit(MAKE, '  NAME=$(cat name)\n  $PYTHON3 -m venv "$NAME"\n'), /not certain/],
  ['with a pattern', edit(MAKE, '  $PYTHON3 -m venv "$DEPLOYMENT_TARGET"/*\n'), /not certain/],
  ['with a working folder that nobody knows', edit('cd "$DEPLOYMENT_TARGET"', 'cd "$(mktemp -d)"'), /not certain/],
  [
    'with a working folder that a function changes',
    () => '#!/bin/bash\ngo() { cd /data; }\ncd "$DEPLOYMENT_TARGET"\ngo\npython3 -m venv antenv\n',
    /not certain/
  ],
  [
    'with a working folder that is changed by "builtin"',
    () => '#!/bin/bash\ncd "$DEPLOYMENT_TARGET"\nbuiltin cd /data\npython3 -m venv antenv\n',
    /not certain/
  ],
  [
    'with a working folder of a subshell only',
    () => '#!/bin/bash\n(cd "$DEPLOYMENT_TARGET" && ls)\npython3 -m venv antenv\n',
    /not certain/
  ],
  [
    'with a working folder under a condition',
    () => '#!/bin/bash\nif [ "$X" ]; then\n  cd "$DEPLOYMENT_TARGET"\nfi\npython3 -m venv antenv\n',
    /not certain/
  ],
  [
    'with an end between the test and the making',
    edit(MAKE, `  if [ ! -d "$ANTENV" ]; then\n  [ -f app.py ] || exit 0\n  ${MAKE}  fi\n`),
    /where it decides/
  ],
  [
    'with a folder that is set only where nothing was set from outside',
    edit(MAKE, '  if [ -z "$VENV" ]; then\n    VENV=antenv\n  fi\n  python3 -m venv "$DEPLOYMENT_TARGET/$VENV"\n'),
    /not certain/
  ],
  [
    'with a folder that is set in a list',
    edit(MAKE, '  [ -z "$VENV" ] && VENV=antenv\n  python3 -m venv "$DEPLOYMENT_TARGET/$VENV"\n'),
    /not certain/
  ],
  [
    'with a folder that is set for one command only',
    edit(MAKE, '  VENV=antenv true\n  python3 -m venv "$DEPLOYMENT_TARGET/$VENV"\n'),
    /not certain/
  ],
  [
    'with a folder that is added to',
    edit(MAKE, '  VENV=antenv\n  VENV+=/../../x\n  python3 -m venv "$DEPLOYMENT_TARGET/$VENV"\n'),
    /not certain/
  ],
  [
    'with a folder that is an option',
    edit(MAKE, '  VENV=antenv\n  while getopts e: VENV; do :; done\n  python3 -m venv "$DEPLOYMENT_TARGET/$VENV"\n'),
    /not certain/
  ],
  [
    'with a folder that is printed',
    edit(MAKE, '  VENV=antenv\n  printf -v VENV %s "$X"\n  python3 -m venv "$DEPLOYMENT_TARGET/$VENV"\n'),
    /not certain/
  ],
  [
    'with a folder that is evaluated',
    edit(MAKE, '  VENV=antenv\n  eval "VENV=$X"\n  python3 -m venv "$DEPLOYMENT_TARGET/$VENV"\n'),
    /not certain/
  ],
  [
    'with a variable of its own that is called like the folder of the app',
    edit(MAKE, '  deployment_target=/data\n  python3 -m venv "$deployment_target/antenv"\n'),
    /not certain/
  ],
  [
    'that only renews what is there',
    edit(MAKE, `  if [ -d "$ANTENV" ]; then\n  ${MAKE}  fi\n`),
    /wherever there is none/
  ],
  [
    'that only renews what is there, said with a bang',
    edit(MAKE, `  if ! [ ! -d "$ANTENV" ]; then\n  ${MAKE}  fi\n`),
    /wherever there is none/
  ],
  [
    'that renews behind else what is there',
    edit(MAKE, `  if [ ! -d "$ANTENV" ]; then\n    echo none\n  else\n  ${MAKE}  fi\n`),
    /wherever there is none/
  ],
  [
    'that makes it under another condition where there is none',
    edit(MAKE, `  if [ -d "$ANTENV" ]; then\n    echo Found\n  elif [ "$CI" ]; then\n  ${MAKE}  fi\n`),
    /wherever there is none/
  ],
  ['that renews it in a list', edit(MAKE, '  [ -d antenv ] && python3 -m venv antenv\n'), /wherever there is none/],
  [
    'that renews it in a list with or',
    edit(MAKE, '  [ ! -d antenv ] || python3 -m venv antenv\n'),
    /wherever there is none/
  ],
  [
    'with a group behind a test on another line',
    edit(MAKE, '  [ -d antenv ] || {\n    python3 -m venv antenv\n  }\n'),
    /wherever there is none|where it decides/
  ],
  [
    'with a second condition within the test',
    edit(MAKE, `  if [ ! -d "$ANTENV" ]; then\n    if [ "$CI" ]; then\n  ${MAKE}    fi\n  fi\n`),
    /wherever there is none/
  ],
  [
    'with a function that returns for another reason',
    () =>
      '#!/bin/bash\nmake_env() {\n  [ -f app.py ] || return\n  python3 -m venv antenv\n}\ncd "$DEPLOYMENT_TARGET"\nmake_env\n',
    /wherever there is none/
  ],
  [
    'with a function that only renews',
    () =>
      '#!/bin/bash\nmake_env() {\n  [ ! -d antenv ] && return\n  python3 -m venv antenv\n}\ncd "$DEPLOYMENT_TARGET"\nmake_env\n',
    /wherever there is none/
  ],
  ['with two environments', edit(MAKE, `${MAKE}  python3 -m venv tools\n`), /more than one place/],
  ['with a quote that is not closed', edit('echo "Finished."', 'echo "Finished.'), /quotes or statements/],
  [
    'with a statement that is not closed',
    edit('\nfi\n\necho "Finished."', '\necho "Finished."'),
    /quotes or statements/
  ],
  ['that ends where the environment is there', edit(MAKE, `  [ -d "$ANTENV" ] && exit 0\n${MAKE}`), /where it decides/],
  [
    'with a decision in a variable',
    edit(MAKE, `  [ -d "$ANTENV" ] || NEW=1\n  if [ "$NEW" = 1 ]; then\n  ${MAKE}  fi\n`),
    /where it decides/
  ],
  [
    'with a second condition',
    edit(MAKE, `  if [ "$CI" ] && [ ! -d "$ANTENV" ]; then\n  ${MAKE}  fi\n`),
    /where it decides/
  ],
  [
    'with a test behind elif',
    edit(MAKE, `  if [ "$CI" ]; then\n    :\n  elif [ ! -d "$ANTENV" ]; then\n  ${MAKE}  fi\n`),
    /where it decides/
  ],
  ['with a loop', edit(MAKE, `  for name in a b; do\n    $PYTHON3 -m venv antenv\n  done\n`), /where it decides/],
  [
    'with a function that is called twice',
    () => '#!/bin/bash\nmake() { python3 -m venv antenv; }\ncd "$DEPLOYMENT_TARGET"\nmake\nmake\n',
    /not called in one place/
  ],
  [
    'with a name that is set later',
    () => '#!/bin/bash\nmake() {\n  NAME=antenv\n  python3 -m venv "$DEPLOYMENT_TARGET/$NAME"\n}\nmake\n',
    /not certain|where it decides/
  ],
  ['that builds with Oryx', edit(MAKE, '  oryx build "$DEPLOYMENT_SOURCE" -o "$DEPLOYMENT_TARGET"\n'), /Oryx/],
  ['for Python', () => '#!/usr/bin/env python3\nimport venv\nvenv.create("antenv")\n', /neither a batch script/],
  [
    'for PowerShell',
    () => 'Set-Location $env:DEPLOYMENT_TARGET\nif (!(Test-Path antenv)) { & python -m venv antenv }\n',
    /is not recognised/
  ],
  ['that is empty', () => '', /no command in it makes/]
]

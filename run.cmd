@echo off
rem The one door of this repository on Windows: run setup | run demo | run ANYTHING
setlocal
set "HERE=%~dp0"
set "VENV=%HERE%.venv"
if not exist "%VENV%\.installed-run" (
  py -3 -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>nul || (
    echo Can Python 3.11 tro len: https://www.python.org/downloads/ 1>&2
    exit /b 4
  )
  py -3 -m venv "%VENV%" 1>&2 || exit /b 4
  "%VENV%\Scripts\python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "%HERE%requirements.lock" 1>&2 || exit /b 4
  "%VENV%\Scripts\python" -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --no-index -e "%HERE%." 1>&2 || exit /b 4
  echo ok> "%VENV%\.installed-run"
)
if "%~1"=="setup" exit /b 0
set PYTHONUTF8=1
"%VENV%\Scripts\dispatcher" %*

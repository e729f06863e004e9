@echo off
rem The one door of this repository on Windows: run setup | run demo | run ANYTHING
setlocal
set "HERE=%~dp0"
set "VENV=%HERE%.venv"
set "MARK=%VENV%\.installed-run"

rem Installed already? Only for exactly this lock, this pyproject.toml and this folder: they are
rem compared with what was kept when it was installed.
set "FRESH=yes"
fc /b "%HERE%requirements.lock" "%MARK%.lock" >nul 2>&1 || set "FRESH="
fc /b "%HERE%pyproject.toml" "%MARK%.toml" >nul 2>&1 || set "FRESH="
set "WAS="
if exist "%MARK%" set /p WAS=<"%MARK%"
if not %WAS%.=="%HERE%". set "FRESH="

rem The mark goes first and comes last: an installation that broke off is done again.
if not defined FRESH (
  if exist "%MARK%" del "%MARK%"
  if not exist "%VENV%\Scripts\python.exe" (
    py -3 -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>nul || (
      echo Can Python 3.11 tro len: https://www.python.org/downloads/ 1>&2
      exit /b 4
    )
    py -3 -m venv "%VENV%" 1>&2 || exit /b 4
  )
  "%VENV%\Scripts\python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "%HERE%requirements.lock" 1>&2 || exit /b 4
  "%VENV%\Scripts\python" -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --no-index -e "%HERE%." 1>&2 || exit /b 4
  copy /b /y "%HERE%requirements.lock" "%MARK%.lock" >nul || exit /b 4
  copy /b /y "%HERE%pyproject.toml" "%MARK%.toml" >nul || exit /b 4
  >"%MARK%" echo "%HERE%"
)
if "%~1"=="setup" exit /b 0
set PYTHONUTF8=1
"%VENV%\Scripts\dispatcher" %*

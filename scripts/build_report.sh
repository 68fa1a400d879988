#!/usr/bin/env bash
# Rebuilds web/report/dist/report.html, the page of gramian report, from web/report/src. Only
# who changes the page needs this, and Node 20.19 or newer for it; the result is committed.
set -euo pipefail
cd "$(dirname "$0")/../web/report"

command -v npm >/dev/null || {
  echo "scripts/build_report.sh needs Node 20.19 or newer with npm." >&2
  exit 1
}
npm ci --no-audit --no-fund
npm run build

#!/bin/bash
# SPDX-License-Identifier: MIT
# apt-options.sh: print how this machine's apt reaches the mirrors, and as whom, for an apt that reads nothing of
# this machine's configuration: mmdebstrap's.
set -euo pipefail
apt-config dump --no-empty Acquire::http Acquire::https
eval "$(apt-config shell file Dir::Etc::netrc/f parts Dir::Etc::netrcparts/d)"
printf 'Dir::Etc::%s "%s";\n' netrc "$file" netrcparts "$parts"

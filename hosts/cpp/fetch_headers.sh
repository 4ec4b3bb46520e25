#!/usr/bin/env bash
# Puts onnxruntime's C header into a folder: the system's, if libonnxruntime-dev is installed, else
# that of Debian 13's package, unpacked and not installed, so that the system's libraries stay as
# they are.
#
#     fetch_headers.sh FOLDER
set -euo pipefail
(($# == 1)) || { echo "usage: fetch_headers.sh FOLDER" >&2; exit 2; }
folder=$1 header=onnxruntime_c_api.h
[[ -e $folder/$header ]] && exit

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$(find /usr/include /usr/local/include -name $header -print -quit 2> /dev/null || true)
if [[ -z $found ]]; then
    command -v apt-get > /dev/null || {
        echo "onnxruntime's $header is not in /usr/include: download it from a release of" \
            "onnxruntime and give its folder as -DONNXRUNTIME_INCLUDE=FOLDER" >&2
        exit 1
    }
    # The system's own mirror of Debian, another suite, for this one package.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -1)
    mkdir -p "$work"/{lists/partial,cache/archives/partial}
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$work/sources"
    options=(-o "Dir::Etc::sourcelist=$work/sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
    apt-get "${options[@]}" --quiet=2 update
    (cd "$work" && apt-get "${options[@]}" --quiet=2 download libonnxruntime-dev)
    dpkg-deb --extract "$work"/libonnxruntime-dev_*.deb "$work/unpacked"
    found=$(find "$work/unpacked" -name $header -print -quit)
fi
mkdir -p "$folder"
cp "$(dirname "$found")"/onnxruntime*_c_api.h "$work"
mv "$work"/onnxruntime*_c_api.h "$folder"

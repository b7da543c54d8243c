#!/bin/sh
# The wall time of `git switch` between two branches with equal migrations: without hooks, and with the hook that has nothing to do.
#
#     tests/bench/hook.sh PATH/TO/cargo-schema [ROUNDS]
#
# Prints milliseconds a switch, the best of five series of ROUNDS switches each, and how long the hook itself takes.
set -eu
schema=$1 rounds=${2:-40}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
cd "$work"
git init -q -b main .
git config user.name bench
git config user.email bench@example.org
printf '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2024"\n' >Cargo.toml
i=0
while [ $i -lt 300 ]; do
  mkdir -p "migrations/${i}_revision"
  echo "SELECT $i;" >"migrations/${i}_revision/up.sql"
  i=$((i + 1))
done
git add .
git commit -q -m base
git switch -q -c other
echo text >README
git add README
git commit -q -m other

now() { date +%s%N; }

# best COMMAND...: milliseconds of one of two runs of it, the best of five series.
best() {
  least=
  for series in 1 2 3 4 5; do
    start=$(now)
    i=0
    while [ $i -lt "$rounds" ]; do
      "$@"
      i=$((i + 2))
    done
    took=$(($(now) - start))
    if [ -z "$least" ] || [ "$took" -lt "$least" ]; then least=$took; fi
  done
  echo "$least $rounds" | awk '{ printf "%.1f", $1 / $2 / 1000000 }'
}

there_and_back() { git switch -q main; git switch -q other; }
old=$(git rev-parse main) new=$(git rev-parse other)
hook_twice() { .git/hooks/post-checkout "$old" "$new" 1; .git/hooks/post-checkout "$new" "$old" 1; }

without=$(best there_and_back)
"$schema" schema hook install -q >/dev/null
with=$(best there_and_back)
echo "git switch without hook  $without ms"
echo "git switch with hook     $with ms"
echo "the hook alone           $(best hook_twice) ms"

#!/bin/sh
# A worker in 30 lines: it keeps docs/worker-contract.md and does no work. Variables FAKE_<KNOB>_<STAGE> say how it behaves:
# RUN what it does first, SECONDS how long it takes, EXIT the code that it ends with, FAIL_ATTEMPTS up to which attempt it does so,
# HANG without progress.
stage=$1
knob() { eval "echo \"\${FAKE_$1_$(echo "$stage" | tr a-z A-Z):-$2}\""; }
last_word() { echo "$1" >"$APO_TERMINATION_LOG"; }
trap 'echo "told to stop"; exit 143' TERM

test -s "$2" || { last_word '{"exitCode":66,"reason":"NOT_FOUND","message":"There is no manifest."}'; exit 66; }
mkdir -p /tmp/www && cd /tmp/www || exit 70
httpd -p "$APO_PORT" -h /tmp/www

eval "$(knob RUN :)"
seconds=$(knob SECONDS 1) done=0
while [ "$done" -lt "$seconds" ] || [ -n "$(knob HANG '')" ]; do
  printf '{"stage":"%s","unit":"steps","done":%d,"total":%d,"etaSeconds":%d,"figures":{"reward":0.5}}' \
    "$stage" "$done" "$seconds" $((seconds - done)) >progress.new && mv progress.new progress
  sleep 1 & wait $!
  [ -n "$(knob HANG '')" ] || done=$((done + 1))
done

code=$(knob EXIT 0)
if [ "$code" != 0 ] && [ "$APO_ATTEMPT" -le "$(knob FAIL_ATTEMPTS 1000)" ]; then
  last_word "{\"exitCode\":$code,\"reason\":\"FAKE\",\"message\":\"The fake worker was told to fail.\"}"
  exit "$code"
fi
case $stage in
prepare) last_word '{"exitCode":0,"result":{"vstarKey":"fake","vstarReused":false,"trainPrompts":64}}' ;;
estimate) last_word '{"exitCode":0,"result":{"prompts":64,"responses":512,"reward":0.5}}' ;;
train) last_word '{"exitCode":0,"result":{"steps":10,"reward":0.75,"accuracy":0.9,"accuracyBefore":0.7},"artifacts":{"model":"s3://fake/model"}}' ;;
esac

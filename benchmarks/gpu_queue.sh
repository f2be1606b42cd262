#!/usr/bin/env bash
# What a GPU is wanted for, most valuable first, in 15 minutes of one card, at most 10 of them in one command:
#
#     OUT=first bash benchmarks/gpu_queue.sh 570                # all of it, and may be cut at any time
#     OUT=second FROM=first bash benchmarks/gpu_queue.sh 270    # what first has not gone through, and on with its run
#
# From the top of the repository, with the package installed. A stage has a share of the time that is left. It is ended
# by a signal when that is over, or when SIGTERM or SIGINT ends this script, and writes what it found by then. Where
# SIGKILL ends it, $OUT has what was printed until then, and Table 1's run as it was EVERY seconds before, or fewer; what
# runs is ended too. $OUT gets eight files at most, of 15 MiB at most. LOP_REFERENCE names a clone of the public
# reference, without which the second stage has nothing to compare with; LOP_DATA the place of image sets. DEVICE is
# cuda, or cuda:N. Two rehearse it, with a plan and a number of images for a CPU: DEVICE=cpu, and DEVICE=pretended
# (`tests/with_pretended_gpu.py`).
set -uo pipefail -m # -m: what runs in the background is sent SIGINT like anything else
out=${OUT:?name an empty folder for what comes out} from=${FROM:-} device=${DEVICE:-cuda}
profile=h200 images=1000 small=() python=(python)
if [[ $device == cuda:* ]]; then # one of those that are visible, which may be named by number or otherwise
  IFS=, read -r -a seen <<< "${CUDA_VISIBLE_DEVICES-$(seq -s, 0 "${device#cuda:}")}"
  export CUDA_VISIBLE_DEVICES=${seen[${device#cuda:}]:?too few devices in CUDA_VISIBLE_DEVICES for $device} device=cuda
fi
[[ $device == cuda ]] || profile=quick images=50
[[ $device == pretended ]] && images=1 small=(--seeds 1 --epochs 1) device=cuda python+=(tests/with_pretended_gpu.py)
end=$((SECONDS + ${1:-570}))
work=$(mktemp -d)
mkdir -p "$out"
export PYTHONUNBUFFERED=1

gone=$(grep -s ": exit status" "$from/0_machine.txt") # FROM and OUT may be one folder
mortal=() # what runs is not to outlive this script, however that ends
setpriv --pdeathsig TERM true 2> /dev/null && mortal=(setpriv --pdeathsig TERM)

cut='' running='' told='' signal=TERM keeps=''
tell() { # what runs, once: a second signal would end it at once
  [[ $running == "$told" ]] || { told=$running && kill -s "$signal" "$running"; }
}
keep() { # Table 1's run as it is, in place of what $OUT has of it
  rm -rf "$work/parts" && mkdir "$work/parts"
  tar -c -C "$work" options $([[ -d $work/table1 ]] && echo table1) | split -b 15M - "$work/parts/3_table1.tar."
  mv "$work"/parts/* "$out"
}
now_and_then() { # held for so long as this takes, it is as an interrupt would leave it
  [[ -n $keeps && -n $running ]] || return 0
  kill -s STOP -- "-$running" && keep
  kill -s CONT -- "-$running"
}
trap 'cut=yes; tell' TERM INT
trap now_and_then USR1
while sleep "${EVERY:-20}" && kill -s USR1 $$; do :; done > /dev/null 2>&1 &
trap 'rm -rf "$work"; kill -- "-'$!'"' EXIT

limited() { # SIGNAL SECONDS COMMAND...: ended by the signal after so many seconds, or with this script
  [[ -z $cut ]] || return 1
  signal=$1
  "${mortal[@]}" timeout --signal="$1" --kill-after=15 "${@:2}" &
  running=$!
  [[ -z $cut ]] || tell # cut just before its number was known
  local code=129
  while wait "$running"; code=$?; kill -s 0 "$running" 2> /dev/null; do :; done # a trap ends `wait`, not what it waits for
  running='' told=''
  return "$code"
}

stage() { # NAME SHARE SIGNAL COMMAND...: at most SHARE hundredths of the time that is left
  local name=$1 most=$(((end - SECONDS) * $2 / 100)) began=$SECONDS
  if [[ -n $cut ]] || ((most < 10)); then
    echo "$name: no time left" | tee -a "$out/0_machine.txt"
    return
  fi
  limited "$3" "$most" "${@:4}" > "$out/$name.txt" 2>&1
  echo "$name: ${cut:+cut, }exit status $? after $((SECONDS - began)) of at most $most s" | tee -a "$out/0_machine.txt"
}

over() { # NAME: whether $FROM has gone through it, and was not cut in it; told again, for the command after this one
  grep "^$1: exit status" <<< "$gone" | tee -a "$out/0_machine.txt" | grep -q .
}

{
  [[ -z $(command -v nvidia-smi) ]] || limited TERM 20 nvidia-smi # at once, and also where torch does not come up
  limited TERM 60 "${python[@]}" -m lop_tutorial doctor
} > "$out/0_machine.txt" 2>&1

# The tests pretend a device by themselves where there is none.
over 1_tests || stage 1_tests 25 INT python -m pytest -v -p no:cacheprovider -m cuda tests --durations=10

if ! over 2_speed; then
  minutes=$(python -c "print(max(0.5, ($end - $SECONDS) * 0.5 / 60 - 0.5))")
  stage 2_speed 50 TERM "${python[@]}" benchmarks/fleet.py $([[ $profile == quick ]] && echo --rehearse) \
    --device "$device" --minutes "$minutes" --out "$work/speed.txt" ${LOP_REFERENCE:+--reference "$LOP_REFERENCE"}
fi

# Table 1 with as many tasks as a forecast says will fit, or on with those of $FROM: ended, it leaves a checkpoint.
cat "$from"/3_table1.tar.* 2> /dev/null | tar -x -C "$work" 2> /dev/null
if [[ ! -e $work/options ]]; then
  limited TERM $(((end - SECONDS) / 4 + 1)) "${python[@]}" benchmarks/gpu_options.py \
    $(((end - SECONDS) * 60 / 100)) "$device" "$profile" > "$work/options"
fi
read -r -a options < "$work/options" || options=(--data procedural --classes 0:40 --tasks 50)
echo "${options[*]}" > "$work/options"
keeps=yes
stage 3_table1 80 TERM "${python[@]}" -m lop_tutorial reproduce table1 --profile "$profile" "${options[@]}" \
  --device "$device" --out "$work/table1" --resume "${small[@]}"
keeps=''
keep

stage 4_ftle 90 TERM "${python[@]}" benchmarks/ftle.py --device "$device" --exact --samples "$images"

#!/usr/bin/env bash
# What a GPU is wanted for, most valuable first, in 15 minutes of one card, at most 10 of them in one command:
#
#     OUT=first bash benchmarks/gpu_queue.sh 570                # all of it, and may be cut at any time
#     OUT=second FROM=first bash benchmarks/gpu_queue.sh 270    # what is missing in first, and on with its run
#
# From the top of the repository, with the package installed. A stage has a share of the time that is left, is ended by
# SIGTERM when that is over, and has written by then what it found. $OUT gets eight files at most, of 15 MiB at most.
# LOP_REFERENCE names a clone of the public reference, without which the second stage has nothing to compare with;
# LOP_DATA the place of image sets. DEVICE=cpu rehearses it, with Table 1's plan and a number of images for a CPU.
set -uo pipefail
out=${OUT:?name an empty folder for what comes out} from=${FROM:-} device=${DEVICE:-cuda}
profile=h200 images=1000
[[ $device == cpu ]] && profile=quick images=50
end=$((SECONDS + ${1:-570}))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

stage() { # NAME SHARE COMMAND...: at most SHARE hundredths of the time that is left
  local name=$1 most=$(((end - SECONDS) * $2 / 100)) began=$SECONDS
  shift 2
  if ((most < 10)); then
    echo "$name: no time left" | tee -a "$out/0_machine.txt"
    return
  fi
  timeout --signal=TERM --kill-after=15 "$most" "$@" > "$out/$name.txt" 2>&1
  echo "$name: exit status $? after $((SECONDS - began)) of at most $most s" | tee -a "$out/0_machine.txt"
}

python -m lop_tutorial doctor > "$out/0_machine.txt" 2>&1

[[ -e $from/1_tests.txt ]] || stage 1_tests 25 python -m pytest -q -p no:cacheprovider -m cuda tests --durations=10

if [[ ! -e $from/2_speed.txt ]]; then
  how=(--device cuda)
  [[ $device == cpu ]] && how=(--rehearse)
  minutes=$(python -c "print(max(0.5, ($end - $SECONDS) * 0.5 / 60 - 0.5))")
  stage 2_speed 50 python benchmarks/fleet.py "${how[@]}" --minutes "$minutes" --out "$work/speed.txt" \
    ${LOP_REFERENCE:+--reference "$LOP_REFERENCE"}
fi

# Table 1 with as many tasks as a forecast says will fit, or on with those of $FROM: ended, it leaves a checkpoint.
cat "$from"/3_table1.tar.* 2> /dev/null | tar -x -C "$work" 2> /dev/null
if [[ ! -e $work/tasks ]]; then
  timeout --kill-after=15 $(((end - SECONDS) / 4 + 1)) \
    python - $(((end - SECONDS) * 60 / 100)) "$device" "$profile" > "$work/tasks" << 'PYTHON'
import sys
from dataclasses import replace

from lop_tutorial.data import list_sets
from lop_tutorial.experiments import plan
from lop_tutorial.running.execute import crews_of
from lop_tutorial.running.forecast import forecast

seconds, device, profile = float(sys.argv[1]), *sys.argv[2:]
there = {card.name for card in list_sets(None)}
chosen = replace(plan("table1", profile), data="tinyimagenet" if "tinyimagenet" in there else "procedural")
foretold = forecast(chosen, crews_of(chosen, device, 1), device, 1, long=0)
print(chosen.data, min(chosen.tasks, max(5, int(chosen.tasks * seconds / foretold.seconds) // 5 * 5)))
PYTHON
fi
read -r data tasks < "$work/tasks" || { data=procedural tasks=50 && echo "$data $tasks" > "$work/tasks"; }
stage 3_table1 80 python -m lop_tutorial reproduce table1 --profile "$profile" --data "$data" --tasks "$tasks" \
  --device "$device" --out "$work/table1" --resume
tar -c -C "$work" tasks $([[ -d $work/table1 ]] && echo table1) | split -b 15M - "$out/3_table1.tar."

stage 4_ftle 90 python benchmarks/ftle.py --device "$device" --exact --samples "$images"

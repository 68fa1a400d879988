#!/bin/bash
# A study as a job array of Slurm: each of N tasks trains a share, and one more job draws the
# results when all have ended well. They share --out, which is ./studies unless it is given.
#
#   cluster/slurm.sh N STUDY ... [options of gramian reproduce]
#
#SBATCH --job-name=gramian --cpus-per-task=2 --time=4:00:00 --output=gramian-%j.txt
#SBATCH --requeue --open-mode=append --signal=B:TERM@120
if [[ $1 =~ ^[0-9]+$ ]]; then  # typed by the user: submits itself twice
  array=$(sbatch --parsable --array="0-$(($1 - 1))" "$0" "${@:2}" --shard) &&
    exec sbatch --dependency="afterok:$array" "$0" "${@:2}"
  exit 1
fi
trap 'kill -TERM $!' TERM  # 120 s before the time limit; everything is saved then
"${GRAMIAN:-gramian}" reproduce "$@" --threads "$SLURM_CPUS_PER_TASK" &
wait $! || wait $!  # the first is cut short by the signal
code=$?
[[ $code == 75 ]] && scontrol requeue "$SLURM_JOB_ID"
exit $code

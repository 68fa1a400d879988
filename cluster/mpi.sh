#!/bin/bash
# One training by all tasks of a job of Slurm, over MPI: docs/cluster.md. Goes on where it was when
# the job is put into the queue again, and with another number of tasks.
#
#   sbatch --ntasks=4 cluster/mpi.sh configs/paper_sigma5.toml task.d=40 --out runs/large
#
#SBATCH --job-name=gramian --cpus-per-task=2 --time=4:00:00 --output=gramian-%j.txt
#SBATCH --requeue --open-mode=append --signal=B:TERM@120
export OMPI_MCA_odls_base_sigkill_timeout=20  # seconds: to SIGTERM, and from it to SIGKILL
trap 'stopped=1; kill -TERM $!' TERM  # 120 s before the time limit; everything is saved then
mpirun --map-by "slot:PE=$SLURM_CPUS_PER_TASK" "${GRAMIAN:-gramian}" train "$@" --resume &
wait $! || wait $!  # the first is cut short by the signal
code=$?
[[ $stopped ]] && scontrol requeue "$SLURM_JOB_ID"
exit $code

# systemd runs this as root, outside of the walls of a job's unit. Nothing that a job can choose gets here: neither its
# environment nor its PATH.
#
#   begin RECORD DIRECTORY WORKDIR           the unit gets what belongs to its job (ExecStartPre=)
#   end RECORD DIRECTORY GROUP CGROUP FILE…  the directory is ours again; how its main process ended, and what all of it used,
#                                            is written down (ExecStopPost=)
set -eu
what=$1 record=$2 directory=$3
shift 3
# Nobody of the unit is left then. Where it cannot be done, the end is told all the same.
if [ "$what" = end ]; then
  chgrp -- "$1" "$directory" && chmod 0750 -- "$directory"
  shift
fi
# Whoever has given the unit up has taken the record away: it must not start any more, nor say anything.
if ! [ -f "$record" ]; then
  [ "$what" = end ]
  exit
fi

# The unit's user has no name that everything here could look up, but a directory of its own.
give() { chown --no-dereference --recursive --reference="$RUNTIME_DIRECTORY" -- "$1"; }

case $what in
  begin)
    workdir=$1
    # It may make files there, but not touch ours: logs stay as they are. Who gets so far otherwise may read those, by their names.
    chgrp --reference="$RUNTIME_DIRECTORY" -- "$directory"
    chmod 1771 -- "$directory"
    give "$workdir"
    for file in "$directory"/* "$directory"/.[!.]*; do
      case $file in
        *.log | "$workdir" | "$directory/*" | "$directory/.[!.]*") ;;
        *) give "$file" ;;
      esac
    done
    echo begun >>"$record"
    ;;
  end)
    cgroup=$1
    shift
    {
      echo "exit ${EXIT_CODE:-none} ${EXIT_STATUS:-none}"
      for file; do
        if [ -r "$cgroup/$file" ]; then sed "s/^/$file /" "$cgroup/$file"; fi
      done
      echo whole
    } >>"$record"
    ;;
esac

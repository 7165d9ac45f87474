#!/bin/bash
# rivals_plot.sh -- draw what rivals measured: six groups of bars, medians, by tunnel.
#
#	rivals_plot.sh FILE.tsv PICTURE.png
#
#	TCP        UDP 1300 B   UDP 64 B         above: more is better
#	CPU        memory       ping             below: less is
#
# The bare cable is left out, as it would make all others small. Without gnuplot there is no
# picture, which is said.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if ! command -v gnuplot >/dev/null; then
	echo "no gnuplot: no picture"
	exit
fi
medians=$(mktemp)
trap 'rm -f "$medians"' EXIT
python3 "$here/rivals_table.py" --medians "$1" | grep -v '^bare ' >"$medians"
if [ "$(wc -l <"$medians")" -lt 2 ]; then
	echo "nothing but the cable was measured: no picture"
	exit
fi
colours=("#0b5394" "#76a5d8" "#f1a340")

# bars FORMAT COLUMN=TITLE...: a plot of these side by side, each bar with its number in that
# format on top. COLUMN is one of rivals_table.py's, or an expression: tcp1/1000.
bars()
{
	local format=$1 count=$(($# - 1)) i=0 shift value item

	shift
	echo "plot \"$medians\" using 0:(NaN):xtic(1) with points notitle, \\"
	for item in "$@"; do
		value=$(sed -E 's/[a-z]+[0-9]*/column("&")/' <<<"${item%%=*}")
		shift="\$0 + ($i - ($count - 1) / 2.0) * 0.8 / $count"
		echo "\"\" using ($shift):($value):(0.8 / $count) with boxes \\"
		echo "title \"${item#*=}\" lc rgb \"${colours[i]}\", \\"
		echo "\"\" using ($shift):($value):(sprintf(\"$format\", $value)) with labels notitle \\"
		printf '%s' 'rotate by 90 left offset 0,0.4 font ",9" tc rgb "#444444"'
		i=$((i + 1))
		[ "$i" -eq "$count" ] || echo ", \\"
	done
	echo
}

gnuplot <<END
set terminal pngcairo size 1800,1050 font "sans,13"
set output "$2"
set datafile columnheaders
set style fill solid 1 noborder
set border 3 lc rgb "#888888"
set tics nomirror textcolor rgb "#222222" scale 0.5
set ytics format "%g"
set grid y back lc rgb "#cccccc" lw 1 dt 2
set xtics rotate by -35 left offset -0.6,0
set key at graph 0.5,1.07 center center horizontal samplen 1 Left reverse font ",12"
set title font ",15" offset 0,1
set xrange [-0.6:*]
set offsets graph 0, 0, graph 0.14, 0
set multiplot layout 2,3 margins 0.035,0.965,0.13,0.90 spacing 0.06,0.27

set title "TCP, Gbit/s"
set yrange [0:*]
$(bars %.2f "tcp1/1000=1 stream" "tcp4/1000=4 streams" "tcpr/1000=reverse")

set title "UDP, 1300 bytes, Gbit/s"
$(bars %.2f "udp1300/1000=sent one by one" "gso1300/1000=sent in runs (GSO)")

set title "UDP, 64 bytes, thousands a second"
$(bars %.0f "udp64=sent one by one" "gso64=sent in runs (GSO)")

set title "CPU seconds for a gigabit (less is better)"
$(bars %.2f "cpu=both daemons")

set title "memory of a daemon, MB (less is better)"
$(bars %.1f "idle=idle" "peak=peak")

set title "ping, ms (less is better; logarithmic)"
set logscale y
set yrange [0.01:*]
$(bars %.3g "ping50=idle" "load50=loaded" "load99=loaded, 99 %")
unset multiplot
END
echo "the picture is $2"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A gateway forwards a segment that conntrack calls INVALID without translating
# it, and whoever gets it resets a connection that he does not know: with DNAT
# an answer of the server keeps the server's own address, with MASQUERADE a
# segment of the client keeps the client's. The healthy connection dies.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# The evidence names the segment as it passed, what it should have become, and
# the interfaces it came in and left by.
leak()	# WORDS...
{
	local w

	echo '.cause == "nat-skipped-forward" and .origin == "forwarded" and
		.confidence == "certain" and (.answers | .seq == '"$(fact segment seq)"' and
		.len == 10) and (.evidence | join(" ") | '
	for w; do
		printf 'contains("%s") and ' "$w"
	done
	echo 'true)'
}

# An address and port as the sensor shows it.
end()	# ADDRESS PORT
{
	[ $fam = 4 ] && echo "$1:$2" || echo "[$1]:$2"
}

topo3
for fam in 4 6; do
	ipt "$G" -t nat -A PREROUTING -i eth1 -p tcp --dport 8080 \
		-j DNAT --to-destination "$(end "$(addr_of S)" 80)"
	ipt "$G" -t nat -A POSTROUTING -o eth2 -p tcp --dport 90 -j MASQUERADE
done
start_watch "$G" -i eth2 -i eth1
for fam in 4 6; do
	lab_run play -a "$(addr_of V)" -p 8080 -l 80 open exchange \
		server:segment=PA,seq=+3000000,len=10 server:expect=ECONNRESET
	app_got server ECONNRESET "answer not translated, IPv$fam"
	# On the wire the reset goes to the server's own address and port.
	tuple=$(sed -n 's/^server-tuple //p' "$said")
	expect_reset R "$(leak "$(end "$(addr_of S)" 80)" \
		"$(end "$(addr_of V)" 8080)" "eth1, sent on eth2" \
		"(in on eth2, out on eth1)")" \
		"answer not translated, IPv$fam"

	lab_run play -p 90 open exchange client:segment=PA,seq=+3000000,len=10 \
		client:expect=ECONNRESET
	app_got client ECONNRESET "client's segment not translated, IPv$fam"
	expect_reset R "$(leak "$(end "$(addr_of C)" "$(cut -d ' ' -f 2 <<< "$tuple")")" \
		"$(end "$(addr_of G)" "$(sed -n 's/^server-tuple //p' "$said" |
			cut -d ' ' -f 2)")" "eth2, sent on eth1" \
		"(in on eth1, out on eth2)")" \
		"client's segment not translated, IPv$fam"
done
settle

for fam in 4 6; do
	ipt "$G" -A FORWARD -m conntrack --ctstate INVALID -j DROP
done
start_watch "$G" -i eth2 -i eth1
for fam in 4 6; do
	lab_run play -a "$(addr_of V)" -p 8080 -l 80 open exchange \
		server:segment=PA,seq=+3000000,len=10 exchange
	lab_run play -p 90 open exchange client:segment=PA,seq=+3000000,len=10 \
		exchange
done
settle
expect_no_wire "INVALID is dropped"
expect_none true "INVALID is dropped: no event"
finish

// SPDX-License-Identifier: GPL-2.0-only
/*
 * fact_texts.c - the sentences of the facts: what is shown as evidence, as contradiction, and as
 * missing. The placeholders are defined in template.c.
 */
#include "diagnose/facts.h"

const struct fact_text fact_texts[FACT_MAX] = {
	[FACT_SENT_HERE] = {
		.yes = "the RST originated on this host: egress on {rst.if}, no ingress seen",
		.no = "the RST did not originate on this host",
		.missing = "the RST's egress (watch the interface it leaves on)",
	},
	[FACT_PASSED_THROUGH] = {
		.yes = "this host forwarded the RST: received on {in.if}, sent on {out.if}",
		.no = "this host did not forward the RST",
		.missing = "whether this host forwarded the RST (watch both interfaces)",
	},
	[FACT_FOR_ANOTHER] = {
		.yes = "the RST was received on {in.if}, addressed to {rst.for}",
		.no = "the RST is addressed to this host",
		.missing = "whether the RST's destination is a local address",
	},
	[FACT_ARRIVED_HERE] = {
		.yes = "the RST was received on {in.if}, addressed to {rst.dst}, a local address",
		.no = "the RST's destination is not a local address",
		.missing = "whether the RST's destination is a local address",
	},
	[FACT_SEGMENT_KNOWN] = {
		.yes = "it was sent in response to {seg} ({seg.flags})",
		.no = "no segment that could have triggered it was seen",
		.missing = "the segment that triggered it",
	},
	[FACT_SEGMENT_SYN] = {
		.yes = "it was sent in response to a SYN, {seg}",
		.no = "it was sent in response to {seg.flags}, not a SYN",
		.missing = "the segment that triggered it",
	},
	[FACT_SEGMENT_HAS_SYN] = {
		.yes = "the segment that triggered it has SYN set",
		.no = "the segment that triggered it does not have SYN set",
		.missing = "the segment that triggered it",
	},
	[FACT_SEGMENT_BARE] = {
		.yes = "the segment that triggered it is a bare ACK",
		.no = "the segment that triggered it is not a bare ACK",
		.missing = "the segment that triggered it",
	},
	[FACT_SEGMENT_DATA] = {
		.yes = "the segment that triggered it carries data",
		.no = "the segment that triggered it carries no data",
		.missing = "the segment that triggered it",
	},
	[FACT_FOREIGN_TTL] = {
		.yes = "it arrived with TTL {rst.ttl}, but the peer's own segments arrive with "
		       "{peer.ttl}",
		.no = "its TTL matches the peer's own segments",
		.missing = "segments from the peer to compare TTLs with",
	},
	[FACT_NEAR_TTL] = {
		.yes = "it arrived with TTL {rst.ttl}, and the peer's own segments with {peer.ttl}: a "
		       "device close to the peer may have sent it, or the route changed",
		.no = "its TTL is not just a hop or two off the peer's own segments",
		.missing = "segments from the peer to compare TTLs with",
	},
	[FACT_SET_TTL] = {
		.yes = "no system starts with a TTL like {peer.ttl}: the peer's application sets it "
		       "(IP_TTL), but the peer's kernel does not use it in response to a segment "
		       "without a socket",
		.no = "the peer's own segments have a usual TTL",
		.missing = "segments from the peer to compare TTLs with",
	},
	[FACT_ODD_FIELDS] = {
		.yes = "it has window {rst.win} and ACK number {rst.ack}; in response to a segment, "
		       "kernels send both as 0",
		.no = "its window and ACK number are 0, as kernels send them",
		.missing = "the segment that triggered it",
	},
	[FACT_NO_TRIGGER] = {
		.yes = "it is like a response to a segment, but {rst.src} had already acknowledged "
		       "all segments that it could be a response to",
		.no = "{rst.src} had not acknowledged the segment that triggered it",
		.missing = "the segment that triggered it",
	},
	[FACT_FOREIGN_ID] = {
		.yes = "its IP id, {rst.id}, does not follow that of the peer's last segment, {peer.id}",
		.no = "its IP id, {rst.id}, follows that of the peer's last segment, {peer.id}",
		.missing = "segments from the peer to compare IP ids with",
	},
	[FACT_TOO_SOON] = {
		.yes = "it arrived {answer.delay} after the segment that triggered it, but the peer's "
		       "own replies take {round.trip} or more",
		.no = "it took as long as the peer's own replies",
		.missing = "the peer's round-trip time",
	},
	[FACT_OTHER_INTERFACE] = {
		.yes = "it arrived on {in.if}, but all of the peer's segments on another interface",
		.no = "it arrived on the same interface as the peer's segments",
		.missing = "segments from the peer",
	},
	[FACT_SILENT_BEFORE] = {
		.yes = "the connection had been silent for {silence} before the segment that triggered it: "
		       "a firewall, NAT gateway or load balancer on the path that had dropped the "
		       "connection from its table may have sent it",
		.no = "nothing suggests that a device on the path had forgotten the connection",
		.missing = "segments from the peer to compare TTLs with",
	},
	[FACT_FORGED] = {
		.yes = "together, this shows that another host sent it using the peer's address",
		.no = "it has nothing that the peer's own segments do not have",
		.missing = "whether the peer sent it (run rstscope there)",
	},
	[FACT_DOUBTFUL] = {
		.yes = "that is not enough to say whether the peer or a device on the path sent it",
		.no = "nothing suggests that another host sent it",
		.missing = "whether the peer sent it (run rstscope there)",
	},
	[FACT_MADE_BY_LEAK] = {
		.yes = "the RST was sent to {rst.dst}, which NAT here hides behind {ct.hidden}: "
		       "its sender had received {ct.leaked} from this gateway without "
		       "translation{seg.path}",
		.no = "the RST was sent to the translated address",
		.missing = "the flow's conntrack entry (ctnetlink)",
	},
	[FACT_USER_TIMEOUT] = {
		.yes = "TCP_USER_TIMEOUT on {sk} is {sk.user_timeout} ms",
		.no = "TCP_USER_TIMEOUT is not set",
		.missing = "kernel view: the socket's TCP_USER_TIMEOUT",
	},
	[FACT_IN_FIN_WAIT2] = {
		.yes = "the socket {sk} was in FIN_WAIT2",
		.no = "the socket was not in FIN_WAIT2",
		.missing = "kernel view: the socket's state",
	},
	[FACT_REASON_LINGER] = {
		.yes = "the kernel's reset reason is {reason.name}",
		.no = "the kernel's reset reason is not TCP_LINGER2",
		.missing = "reset reasons (Linux 6.12)",
	},
	[FACT_FLOW_SEEN] = {
		.yes = "both ends had exchanged segments shortly before, and the connection was "
		       "not fully closed",
		.no = "{flow.none}",
		.missing = "the flow's earlier packets",
	},
	[FACT_FOLLOWS] = {
		.yes = "the connection had already been reset {first.ago} earlier, by {first.src}: "
		       "this RST follows from that one",
		.no = "the connection had not been reset before",
		.missing = "the flow's history",
	},
	[FACT_PASSIVE] = {
		.yes = "{call} was called in response to the segment",
		.no = "TCP did not send it in response to a segment",
		.missing = "kernel view: tcp_v4_send_reset, tcp_v6_send_reset",
	},
	[FACT_ACTIVE] = {
		.yes = "TCP sent it on its own initiative: {stack}",
		.no = "TCP did not send it on its own initiative",
		.missing = "kernel view: tcp_send_active_reset",
	},
	[FACT_REJECT] = {
		.yes = "a REJECT rule in the netfilter {hook} chain generated it ({call})",
		.no = "netfilter did not generate it",
		.missing = "kernel view: nf_send_reset, nf_send_reset6",
	},
	[FACT_NF_DROP] = {
		.yes = "netfilter dropped the segment {seg} right after the RST was sent",
		.no = "netfilter did not drop the segment",
		.missing = "kernel view: skb:kfree_skb with drop reasons (Linux 5.17)",
	},
	[FACT_TCP_SILENT] = {
		.yes = "TCP itself reported no reset here",
		.no = "TCP reported this reset",
		.missing = "a kernel view that covers all TCP resets",
	},
	[FACT_BY_RAW] = {
		.yes = "the RST's packet buffer belongs to {maker}",
		.no = "the RST's packet buffer belongs to no raw or packet socket",
		.missing = "the socket that the RST's packet buffer belongs to",
	},
	[FACT_BY_ANSWERER] = {
		.yes = "the RST's packet buffer belongs to a raw socket of protocol TCP; TCP sends its "
		       "own answers by such a socket, but reported none",
		.no = "the RST's packet buffer belongs to no raw socket but TCP's own",
		.missing = "the socket that the RST's packet buffer belongs to",
	},
	[FACT_BY_TCP] = {
		.yes = "the RST's packet buffer belongs to a TCP socket",
		.no = "the RST's packet buffer does not belong to a TCP socket",
		.missing = "the socket that the RST's packet buffer belongs to",
	},
	[FACT_BY_QUEUE] = {
		.yes = "the RST's packet buffer belongs to a queue of a macvtap or tap device, to which a "
		       "process wrote it",
		.no = "the RST's packet buffer does not belong to a macvtap or tap device",
		.missing = "the socket that the RST's packet buffer belongs to",
	},
	[FACT_WITHOUT_SOCKET] = {
		.yes = "the RST's packet buffer belongs to no socket",
		.no = "the RST's packet buffer belongs to a socket, or had come in by an interface",
		.missing = "the socket that the RST's packet buffer belongs to",
	},
	[FACT_OF_ANOTHER] = {
		.yes = "TCP in this network namespace reported no reset, and {rst.src} is no address of it",
		.no = "{rst.src} is an address of this network namespace, or TCP in it reported the reset",
		.missing = "whether TCP in this network namespace sent the RST",
	},
	[FACT_TURNED] = {
		.yes = "the RST came in, on {rst.if}, in a packet buffer of the socket here that it is "
		       "addressed to, {rst.dst}: a packet of that socket was turned into it",
		.no = "the RST's packet buffer does not belong to the socket that it is addressed to",
		.missing = "the socket that the RST's packet buffer belongs to",
	},
	[FACT_OF_ARRIVAL] = {
		.yes = "the RST left on {rst.if} in a packet buffer that had come in on {came.if}, but no "
		       "RST came in there; the segment that it answers did",
		.no = "the RST's packet buffer had not come in as another packet",
		.missing = "the interface by which the RST's packet buffer had come in",
	},
	[FACT_HOLDERS] = {
		.yes = "such a socket is held by {holders}",
		.no = "no process holds such a socket any more",
		.missing = "which processes hold such a socket",
	},
	[FACT_PROGRAM_THERE] = {
		.yes = "BPF programs of others are attached there: {programs}",
		.no = "no BPF program of others is attached there",
		.missing = "which BPF programs are attached there",
	},
	[FACT_FROM_TAP] = {
		.yes = "the RST came in on {in.if}, a tap device, written by {guest}",
		.no = "the RST did not come in on a tap device",
		.missing = "whether the RST came in on a tap device",
	},
	[FACT_FROM_VM] = {
		.yes = "that process runs a virtual machine",
		.no = "no process that runs a virtual machine holds that device",
		.missing = "whether the process that holds the device runs a virtual machine",
	},
	[FACT_NO_SOCKET] = {
		.yes = "the socket lookup for {seg} found nothing{reason}",
		.no = "the socket lookup found a socket ({lookup})",
		.missing = "kernel view: the result of the socket lookup",
	},
	[FACT_LISTENER] = {
		.yes = "the socket lookup for {seg} found only the listener {sk.local}{reason}",
		.no = "the socket lookup did not find a listener",
		.missing = "kernel view: the result of the socket lookup",
	},
	[FACT_SYN_SENT] = {
		.yes = "the socket {sk} was in SYN_SENT{reason}",
		.no = "the socket was not in SYN_SENT",
		.missing = "kernel view: the socket's state",
	},
	[FACT_TIMEWAIT] = {
		.yes = "the socket lookup found a TIME_WAIT socket, {sk}{reason}",
		.no = "the socket lookup did not find a TIME_WAIT socket",
		.missing = "kernel view: the result of the socket lookup",
	},
	[FACT_FIN_WAIT2_MINI] = {
		.yes = "the application had closed {sk}, which was in FIN_WAIT2, waiting for "
		       "the peer's FIN",
		.no = "the socket was not an orphan in FIN_WAIT2",
		.missing = "kernel view: the state of the TIME_WAIT socket",
	},
	[FACT_DEAD_SOCKET] = {
		.yes = "the application had closed {sk}, or shut it down for reading, when data "
		       "arrived{reason}",
		.no = "the application still had the socket open",
		.missing = "kernel view: the socket's flags",
	},
	[FACT_OTHER_SOCKET] = {
		.yes = "the segment {seg} was delivered to another connection's socket, {sk}",
		.no = "the segment was delivered to its own connection's socket",
		.missing = "kernel view: the socket's tuple",
	},
	[FACT_LINGER_ZERO] = {
		.yes = "the socket {sk} has SO_LINGER on with a timeout of 0",
		.no = "SO_LINGER was not on with a timeout of 0",
		.missing = "kernel view: the socket's SO_LINGER",
	},
	[FACT_UNREAD] = {
		.yes = "{unread} still unread when the application closed {sk}{reason}",
		.no = "the application had read all received data",
		.missing = "kernel view: unread data at close() (__tcp_close, or reset reasons "
			   "of Linux 6.12)",
	},
	[FACT_LINGER2_NEGATIVE] = {
		.yes = "TCP_LINGER2 on {sk} is negative",
		.no = "TCP_LINGER2 is not negative",
		.missing = "kernel view: the socket's TCP_LINGER2",
	},
	[FACT_IN_CLOSE] = {
		.yes = "it was sent from close()",
		.no = "it was not sent from close()",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_DISCONNECT] = {
		.yes = "tcp_disconnect() tore down the connection",
		.no = "tcp_disconnect() was not called",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_LISTEN_STOP] = {
		.yes = "the listener was being closed",
		.no = "no listener was being closed",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_ABORT] = {
		.yes = "tcp_abort() was called to destroy the socket, by {killer}{killer.how}",
		.no = "tcp_abort() was not called",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_KEEPALIVE] = {
		.yes = "the keepalive timer expired and aborted the connection",
		.no = "it was not the keepalive timer",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_RETRANSMIT] = {
		.yes = "the retransmission timer expired and aborted the connection",
		.no = "it was not the retransmission timer",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_CHECK_REQ] = {
		.yes = "the segment was for a connection still in SYN_RECV",
		.no = "no connection in SYN_RECV took the segment",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_DO_RCV] = {
		.yes = "that socket processed the segment itself (tcp_v4_do_rcv() or "
		       "tcp_v6_do_rcv() called {call})",
		.no = "the socket did not process the segment itself",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_MPTCP] = {
		.yes = "MPTCP reset the subflow",
		.no = "MPTCP was not involved",
		.missing = "kernel stack with symbols",
	},
	[FACT_REASON_MEMORY] = {
		.yes = "the kernel's reset reason is {reason.name}",
		.no = "the kernel's reset reason is not lack of memory",
		.missing = "reset reasons (Linux 6.12)",
	},
	[FACT_NOT_TRACKED] = {
		.yes = "{ct.verdict}",
		.no = "conntrack did not reject the segment ({ct.state})",
		.missing = "kernel view: the segment's conntrack entry",
	},
	[FACT_REASON_CLOSE] = {
		.yes = "the kernel's reset reason is {reason.name}",
		.no = "the kernel's reset reason is not unread data",
		.missing = "reset reasons (Linux 6.12)",
	},
	[FACT_REFUSED] = {
		.yes = "{ct.refused}",
		.no = "conntrack did not report the segment as INVALID",
		.missing = "kernel view: conntrack's INVALID reports",
	},
	[FACT_SOCKET_NOW] = {
		.yes = "by the time the RST left, {seg} did have a socket, in state {now.state}",
		.no = "the segment's connection had no socket when the RST left",
		.missing = "whether the connection had a socket when the RST left",
	},
	[FACT_TIMEWAIT_NOW] = {
		.yes = "by the time the RST left, {seg} did have a socket, in state {now.state}",
		.no = "the segment's connection had no TIME_WAIT socket when the RST left",
		.missing = "whether the connection had a socket when the RST left",
	},
	[FACT_RACE_HANDSHAKE] = {
		.yes = "CPU {race.cpu} was replacing the connection's request socket with its "
		       "full socket, {race.window}, while CPU {kernel.cpu} looked up the socket "
		       "for the segment received {race.arrival}: they overlapped for "
		       "{race.overlap}",
		.no = "the request socket was not being replaced at the time of the lookup",
		.missing = "kernel view: inet_ehash_insert, entry and return",
	},
	[FACT_RACE_TIMEWAIT] = {
		.yes = "CPU {race.cpu} was replacing the connection's socket with its TIME_WAIT "
		       "socket, {race.window}, while CPU {kernel.cpu} looked up the socket for "
		       "the segment received {race.arrival}: they overlapped for "
		       "{race.overlap}",
		.no = "the socket was not being replaced by its TIME_WAIT socket at the time of "
		      "the lookup",
		.missing = "kernel view: inet_twsk_hashdance, entry and return",
	},
	[FACT_CLASH] = {
		.yes = "{clash}",
		.no = "no socket here took another connection's segment",
		.missing = "kernel view: tcp_send_challenge_ack, tcp_timewait_state_process",
	},
	[FACT_MAPPING_GONE] = {
		.yes = "conntrack had a NAT mapping for {gone.seg}, {gone.mapping}, and "
		       "destroyed it {gone.ago} earlier ({gone.how})",
		.no = "conntrack did not destroy a NAT mapping for the segment",
		.missing = "conntrack's DESTROY event for the entry (rstscope must be running "
			   "before the connection starts)",
	},
	[FACT_REMAPPED] = {
		.yes = "conntrack had mapped this connection, {gone.seg}, to {gone.backend} until it "
		       "destroyed that mapping {gone.ago} earlier ({gone.how}); now it maps it to "
		       "{ct.backend}, which never saw its SYN",
		.no = "conntrack had not mapped this connection to another backend",
		.missing = "conntrack's DESTROY event for the old mapping (rstscope must be running "
			   "before the connection starts)",
	},
	[FACT_OVER_MEMORY] = {
		.yes = "TCP was using {mem.pages} pages of memory; the tcp_mem limit is "
		       "{mem.limit}",
		.no = "TCP's memory usage, {mem.pages} pages, was within the tcp_mem limit "
		      "({mem.limit})",
		.missing = "kernel view: TCP's memory usage at the time of the reset",
	},
	[FACT_IN_RESOURCES] = {
		.yes = "the kernel was aborting an orphan: out of resources",
		.no = "the kernel was not out of resources",
		.missing = "kernel stack with symbols",
	},
	[FACT_IN_EXIT] = {
		.yes = "{exit}",
		.no = "the process was not exiting",
		.missing = "kernel stack with symbols",
	},
	[FACT_SIGNALLED] = {
		.yes = "a signal killed the process",
		.no = "no signal killed the process",
		.missing = "the exit code of the task that closed the socket",
	},
	[FACT_CRASHED] = {
		.yes = "the process crashed",
		.no = "the process did not crash",
		.missing = "the exit code of the task that closed the socket",
	},
	[FACT_OOM_KILLED] = {
		.yes = "the OOM killer chose the process",
		.no = "the OOM killer had not chosen the process",
		.missing = "the exit code of the task that closed the socket",
	},
	[FACT_UNTRANSLATED] = {
		.yes = "{ct.from} should have been translated to {ct.to} (per the conntrack "
		       "entry), but the segment reached TCP untranslated: {seg}",
		.no = "{nat.none}",
		.missing = "the segment's conntrack entry, or what the NAT rules would have done",
	},
	[FACT_MADE_ON_PATH] = {
		.yes = "segments from {rst.src} are received and forwarded here, but the RST "
		       "left on {out.if} without being received first: this host generated it "
		       "using their sender's address",
		.no = "this host did not generate it using another host's address",
		.missing = "a capture of all interfaces of the host that generated it",
	},
	[FACT_CAPTURE] = {
		.yes = "only packets were seen; there is no data from the kernel that sent the "
		       "RST",
		.no = "kernel data is available",
		.missing = "a capture of the whole connection",
	},
	[FACT_SHAPE_ANSWER] = {
		.yes = "its sequence numbers are those of a response to {seg} ({seg.flags})",
		.no = "it carries its sender's own sequence numbers: it is not a response to a "
		      "segment",
		.missing = "the segment that triggered it",
	},
	[FACT_PORT_OPEN] = {
		.yes = "{rst.src} had accepted a connection on that port earlier in the capture",
		.no = "{rst.src} accepted no connection on that port in this capture",
		.missing = "whether the sender accepts connections on that port",
	},
	[FACT_SENDER_FINISHED] = {
		.yes = "{rst.src} had sent its FIN {fin.ago} earlier",
		.no = "{rst.src} had not sent a FIN, or had sent it much earlier",
		.missing = "a capture from the start of the connection",
	},
	[FACT_BAD_SYN_ANSWER] = {
		.yes = "{rst.src} had sent nothing but a SYN, and the segment acknowledges "
		       "{seg.ack}, not {syn.ack}",
		.no = "{rst.src} had not just sent a SYN that the segment acknowledges wrongly",
		.missing = "a capture from the start of the connection",
	},
	[FACT_JUST_OPENED] = {
		.yes = "{rst.src} had sent nothing but its SYN-ACK",
		.no = "{rst.src} had sent more than a SYN-ACK",
		.missing = "a capture from the start of the connection",
	},
	[FACT_OUT_OF_WINDOW] = {
		.yes = "the segment was outside the window advertised by {rst.src}",
		.no = "the segment was within the window advertised by {rst.src}",
		.missing = "a capture from the start of the connection, including the window "
			   "scale",
	},
	[FACT_PROBED] = {
		.yes = "{rst.src} had sent {probes} keepalive probes without getting a reply",
		.no = "no keepalive probes had gone unanswered",
		.missing = "a capture that starts earlier",
	},
	[FACT_RESET_BEFORE] = {
		.yes = "{rst.src} had already sent a RST for this connection",
		.no = "no earlier RST from {rst.src} for this connection was captured",
		.missing = "a capture that starts earlier",
	},
	[FACT_ABORTED_BEFORE] = {
		.yes = "{rst.src} had already aborted this connection, with a RST that was not "
		       "a response to a segment: find out why it did that",
		.no = "no earlier RST with which {rst.src} aborted this connection was captured",
		.missing = "a capture that starts earlier",
	},
	[FACT_WENT_ON] = {
		.yes = "{rst.src} kept sending afterwards as if it had not sent a RST (TTL "
		       "{went.ttl})",
		.no = "{rst.src} sent nothing more on this connection",
		.missing = "a capture that ends later",
	},
	[FACT_UNLABELLED] = {
		.yes = "its IPv6 flow label is 0, as in netfilter's resets; Linux TCP sets one "
		       "unless net.ipv6.auto_flowlabels disables it",
		.no = "its IPv6 flow label does not identify it as a netfilter reset",
		.missing = "the RST's IPv6 flow label",
	},
	[FACT_ABSENT_AT_SENDER] = {
		.yes = "{absent}",
		.no = "the capture nearer to the sender has the RST, too",
		.missing = "a capture nearer to the sender",
	},
};
